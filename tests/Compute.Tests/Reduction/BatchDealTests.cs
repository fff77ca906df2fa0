using CaffeActors.Compute.Reduction;
using CsCheck;

namespace CaffeActors.Compute.Tests.Reduction;

public sealed class BatchDealTests
{
    private static Gen<int[]> Devices { get; } = Gen.Int[1, 8].Array[1, 12];

    private static string Shape(int first, int count)
    {
        if (count == 1)
            return $"g{first}";
        int split = FixedTree.Split(count);
        return $"({Shape(first, split)}+{Shape(first + split, count - split)})";
    }

    // What nodes, and devices within them, make of the grains as they add them.
    private static string Carried(BatchDeal deal, int grain)
    {
        string[] sums =
        [
            .. deal.Shares.Select(share =>
            {
                int grains = (int)(share.Records / grain), each = grains / share.Devices;
                int first = (int)(share.Offset / grain);
                string[] devices =
                    [.. Enumerable.Range(0, share.Devices).Select(device => Shape(first + (device * each), each))];
                foreach (ReductionPair pair in ReductionPlan.Of(share.Devices).Pairs)
                    devices[pair.Parent] = $"({devices[pair.Parent]}+{devices[pair.Child]})";
                return devices[0];
            }),
        ];
        foreach (ReductionPair pair in deal.Pairs)
            sums[pair.Parent] = $"({sums[pair.Parent]}+{sums[pair.Child]})";
        return sums[0];
    }

    private static void AssertInRows(BatchDeal deal, int[] devices, long records)
    {
        long end = 0;
        for (int rank = 0; rank < devices.Length; rank++)
        {
            NodeShare share = deal.Shares[rank];
            Assert.Equal(end, share.Offset);
            Assert.InRange(share.Devices, 1, devices[rank]);
            Assert.True(share.Records > 0 && share.Records % share.Devices == 0);
            end += share.Records;
        }

        Assert.Equal((records, records), (end, deal.Records));
    }

    [Theory]
    [InlineData(64, new[] { 1, 1, 1, 1 }, new long[] { 16, 16, 16, 16 }, new[] { 1, 1, 1, 1 })]
    [InlineData(64, new[] { 1, 1, 1 }, new long[] { 21, 21, 22 }, new[] { 1, 1, 1 })]
    [InlineData(60, new[] { 2, 1 }, new long[] { 40, 20 }, new[] { 2, 1 })]
    [InlineData(10, new[] { 2, 2 }, new long[] { 5, 5 }, new[] { 1, 1 })]
    [InlineData(3, new[] { 8, 1, 1 }, new long[] { 1, 1, 1 }, new[] { 1, 1, 1 })]
    public void EvenDeal_GoesByDevices(long records, int[] devices, long[] rows, int[] used)
    {
        BatchDeal deal = BatchDeal.Even(records, devices)!;
        Assert.Equal(rows, deal.Shares.Select(share => share.Records));
        Assert.Equal(used, deal.Shares.Select(share => share.Devices));
        AssertInRows(deal, devices, records);
    }

    [Fact]
    public void EvenDeal_WeighsEachRecordAlike() => Gen.Select(Devices, Gen.Int[1, 500]).Sample((devices, records) =>
    {
        if (BatchDeal.Even(records, devices) is not { } deal)
        {
            Assert.True(devices.Length > records);
            return;
        }

        AssertInRows(deal, devices, records);
        float loss = 0;
        float[] told = new float[devices.Length];
        for (int rank = 0; rank < devices.Length; rank++)
        {
            NodeShare share = deal.Shares[rank];
            double ofRecord = deal.GradientScale * (double)deal.FactorOf(rank) / (share.Records / share.Devices);
            Assert.Equal(1.0 / records, ofRecord, 1e-6 / records);
            told[rank] = deal.ToldBy(rank, [.. Enumerable.Repeat((float)rank, share.Devices)]);
            loss += rank * (float)share.Records / records;
        }

        Assert.Equal(loss, deal.LossOf(told), 1e-3);
    });

    [Theory]
    [InlineData(1, 8, new long[] { 8 })]
    [InlineData(2, 8, new long[] { 4, 4 })]
    [InlineData(3, 8, new long[] { 2, 2, 4 })]
    [InlineData(4, 8, new long[] { 2, 2, 2, 2 })]
    [InlineData(3, 12, new long[] { 4, 4, 4 })]
    [InlineData(2, 5, new long[] { 4, 1 })]
    public void GrainDeal_GivesBranches(int nodes, int grains, long[] rows)
    {
        int[] devices = [.. Enumerable.Repeat(1, nodes)];
        BatchDeal deal = BatchDeal.Grains(grains, 1, 1, devices)!;
        Assert.Equal(rows, deal.Shares.Select(share => share.Records));
        if (System.Numerics.BitOperations.IsPow2(nodes) && System.Numerics.BitOperations.IsPow2(grains))
            Assert.Equal(ReductionPlan.Of(nodes).Pairs, deal.Pairs);
    }

    [Fact]
    public void GrainDeal_AddsAsOneProcessDoes() => Gen.Select(
        Devices, Gen.Int[1, 64], Gen.Int[1, 4], Gen.Int[1, 5]).Sample((devices, grains, iterSize, grain) =>
    {
        if (BatchDeal.Grains(grains, iterSize, grain, devices) is not { } deal)
        {
            Assert.True(devices.Length > grains * iterSize);
            return;
        }

        AssertInRows(deal, devices, (long)grains * iterSize * grain);
        Assert.Equal(Shape(0, grains * iterSize), Carried(deal, grain));
        Assert.Equal(1f / grains, deal.GradientScale);
        Assert.All(devices.Select((_, rank) => deal.FactorOf(rank)), factor => Assert.Equal(1, factor));
        // A pair's rounds follow each other, at the parent as at the child.
        for (int rank = 0; rank < devices.Length; rank++)
        {
            int[] rounds = [.. deal.Pairs.Where(pair => pair.Parent == rank).Select(pair => pair.Round)];
            Assert.Equal(rounds.Distinct().Order(), rounds);
            Assert.True(deal.Pairs.Count(pair => pair.Child == rank) == (rank > 0 ? 1 : 0));
        }
    });

    [Fact]
    public void GrainLoss_HasTheBitsOfOneProcess() => Gen.Select(
        Devices, Gen.Single[-1e3f, 1e3f].Array[1, 40]).Sample((devices, losses) =>
    {
        if (BatchDeal.Grains(losses.Length, 1, 1, devices) is not { } deal)
            return;
        float[] told =
        [
            .. deal.Shares.Select((share, rank) =>
            {
                int each = (int)share.Records / share.Devices;
                return deal.ToldBy(rank, [.. Enumerable.Range(0, share.Devices).Select(device =>
                    FixedTree.Sum(losses.AsSpan((int)share.Offset + (device * each), each)))]);
            }),
        ];
        Assert.Equal(FixedTree.Sum(losses) / losses.Length, deal.LossOf(told));
    });

    [Fact]
    public void NetThatReadsNothing_CountsEachNodeAlike()
    {
        BatchDeal deal = BatchDeal.Alike([2, 1, 1]);
        Assert.Equal([0, 0, 0], deal.Shares.Select(share => share.Records));
        Assert.Equal([1f, 2f, 2f], Enumerable.Range(0, 3).Select(deal.FactorOf));
        Assert.Equal(1f / 6, deal.GradientScale);
        Assert.Equal(2f, deal.LossOf([deal.ToldBy(0, [1, 2]), deal.ToldBy(1, [3]), deal.ToldBy(2, [1.5f])]), 1e-6f);
    }

    [Fact]
    public void NodesWithoutDevices_AreAnError()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchDeal.Even(8, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchDeal.Even(8, [1, 0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchDeal.Even(0, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchDeal.Grains(1, 0, 1, [1]));
    }
}
