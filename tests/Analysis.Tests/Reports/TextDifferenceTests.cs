using CaffeActors.Analysis.Reports;
using CsCheck;

namespace CaffeActors.Analysis.Tests.Reports;

public sealed class TextDifferenceTests
{
    [Theory]
    [InlineData("a\nb\nc", "a\nb\nc", "")]
    [InlineData("a\nb\nc", "a\nx\nc", "-b +x")]
    [InlineData("a\nb", "a\nb\nc\n\nd", "+c +d")]
    [InlineData("a\nb\nc\nd", "b\nd", "-a -c")]
    [InlineData("", "a\r\nb", "+a +b")]
    [InlineData("x\na\nb\nc", "a\nb\nc\nx", "-x +x")]
    public void Of_GivesTheLinesThatOneAloneHas(string before, string after, string expected) =>
        Assert.Equal(expected, Shown(TextDifference.Of(before, after)));

    [Fact]
    public void Of_TurnsTheOneIntoTheOther() =>
        Gen.Select(Gen.Int[0, 5].Array[0, 12], Gen.Int[0, 5].Array[0, 12]).Sample((a, b) =>
        {
            IReadOnlyList<(bool IsLater, string Line)> changes =
                TextDifference.Of(string.Join('\n', a), string.Join('\n', b));
            // What is left of each without its own lines is the same, and no longer one is common.
            Assert.Equal(Rest(a, changes, isLater: false), Rest(b, changes, isLater: true));
            Assert.Equal(Longest(a, b), a.Length - changes.Count(change => !change.IsLater));
        });

    private static List<string> Rest(
        int[] lines, IReadOnlyList<(bool IsLater, string Line)> changes, bool isLater)
    {
        List<string> left = [.. lines.Select(line => line.ToString())];
        foreach ((_, string line) in changes.Where(change => change.IsLater == isLater))
            Assert.True(left.Remove(line));
        left.Sort(StringComparer.Ordinal);
        return left;
    }

    private static int Longest(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        int[] row = new int[b.Length + 1];
        foreach (int x in a)
        {
            int corner = 0;
            for (int j = 0; j < b.Length; j++)
                (corner, row[j + 1]) = (row[j + 1], x == b[j] ? corner + 1 : Math.Max(row[j + 1], row[j]));
        }

        return row[^1];
    }

    private static string Shown(IReadOnlyList<(bool IsLater, string Line)> changes) =>
        string.Join(' ', changes.Select(change => (change.IsLater ? "+" : "-") + change.Line));
}
