using CaffeActors.Data.Nets.Drawing;
using CsCheck;

namespace CaffeActors.Data.Tests.Nets.Drawing;

public sealed class LayeredLayoutTests
{
    private const double Gap = 10;

    private static LayeredLayout Layout(int boxes, params (int From, int To)[] arrows) =>
        new([.. Enumerable.Repeat(40.0, boxes)], arrows, Gap);

    [Fact]
    public void Chain_IsStraight()
    {
        LayeredLayout layout = Layout(4, (0, 1), (1, 2), (2, 3));
        Assert.Equal([0, 1, 2, 3], layout.Boxes.Select(box => box.Rank));
        Assert.All(layout.Boxes, box => Assert.Equal(20, box.At, 1e-6));
    }

    [Fact]
    public void ArrowOverRanks_BendsInEachAndIsStraight()
    {
        LayeredLayout layout = Layout(4, (0, 1), (1, 2), (2, 3), (0, 3));
        Assert.Equal([1, 2], layout.Bends[(0, 3)].Select(bend => bend.Rank));
        Assert.Equal(layout.Bends[(0, 3)][0].At, layout.Bends[(0, 3)][1].At, 1e-3);
        Assert.Empty(layout.Bends[(0, 1)]);
    }

    [Fact]
    public void Source_StandsRightBeforeItsReader() =>
        Assert.Equal([0, 1, 1, 2], Layout(4, (0, 1), (1, 3), (2, 3)).Boxes.Select(box => box.Rank));

    [Fact]
    public void CrossedArrows_AreUncrossed() =>
        Assert.Equal(0, Layout(6, (0, 2), (0, 3), (1, 4), (1, 5), (0, 4), (1, 3)).Crossings - CrossingsThatMustBe);

    // Boxes 0 and 1 both read by 3 and 4: their arrows cross once in any order.
    private const int CrossingsThatMustBe = 1;

    [Fact]
    public void Boxes_KeepTheirDistance_WhateverTheNet() =>
        (from count in Gen.Int[2, 14]
         from picks in Gen.Int[0, 1000].Array[count, 3 * count]
         from breadths in Gen.Int[10, 90].Array[count]
         select (count, picks, breadths)).Sample(net =>
         {
             (int From, int To)[] arrows =
             [
                 .. net.picks.Select((pick, i) => (From: pick % net.count, To: i % net.count))
                     .Where(arrow => arrow.From < arrow.To).Distinct(),
             ];
             var layout = new LayeredLayout([.. net.breadths.Select(breadth => (double)breadth)], arrows, Gap);
             LayoutCell[] cells = [.. layout.Boxes, .. layout.Bends.Values.SelectMany(bends => bends)];
             foreach (IGrouping<int, LayoutCell> rank in cells.GroupBy(cell => cell.Rank))
             {
                 LayoutCell[] row = [.. rank.OrderBy(cell => cell.At)];
                 Assert.Equal(row.OrderBy(cell => cell.Order), row);
                 for (int i = 1; i < row.Length; i++)
                 {
                     Assert.True(
                         row[i].At - (row[i].Breadth / 2) - row[i - 1].At - (row[i - 1].Breadth / 2) >= Gap - 1e-6);
                 }
             }

             Assert.All(arrows, arrow => Assert.True(layout.Boxes[arrow.From].Rank < layout.Boxes[arrow.To].Rank));
             Assert.Equal(0, cells.Min(cell => cell.At - (cell.Breadth / 2)), 1e-6);
         }, iter: 200);
}
