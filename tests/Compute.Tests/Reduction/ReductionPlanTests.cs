using CaffeActors.Compute.Reduction;
using CsCheck;

namespace CaffeActors.Compute.Tests.Reduction;

public sealed class ReductionPlanTests
{
    // Which board each device is on, and which boards reach each other, by a number's bits.
    private static Gen<(int[] Boards, int Peers)> Machines { get; } =
        Gen.Select(Gen.Int[0, 20].Array[1, 64], Gen.Int[0, int.MaxValue]);

    private static string Shape(int first, int count)
    {
        if (count == 1)
            return $"r{first}";
        int split = FixedTree.Split(count);
        return $"({Shape(first, split)}+{Shape(first + split, count - split)})";
    }

    // What the pairs make of the ranks' gradients, as they add them.
    private static string Carried(ReductionPlan plan)
    {
        string[] sums = [.. plan.Devices.Select((_, rank) => $"r{rank}")];
        foreach (ReductionPair pair in plan.Pairs)
            sums[pair.Parent] = $"({sums[pair.Parent]}+{sums[pair.Child]})";
        return sums[0];
    }

    private static DeviceLink LinkOf((int[] Boards, int Peers) machine, int a, int b) =>
        machine.Boards[a] == machine.Boards[b] ? DeviceLink.Board
        : ((machine.Peers >> ((machine.Boards[a] + machine.Boards[b]) % 31)) & 1) != 0 ? DeviceLink.Peer
        : DeviceLink.Host;

    private static ReductionPlan Of((int[] Boards, int Peers) machine) =>
        ReductionPlan.Of(machine.Boards.Length, (a, b) => LinkOf(machine, a, b));

    [Fact]
    public void FourDevices_ArePairedAsInCaffe()
    {
        ReductionPlan plan = ReductionPlan.Of(4);
        Assert.Equal([0, 1, 2, 3], plan.Devices);
        Assert.Equal(
            [new ReductionPair(0, 1, 0), new ReductionPair(2, 3, 0), new ReductionPair(0, 2, 1)], plan.Pairs);
    }

    [Theory]
    [InlineData(1, "r0")]
    [InlineData(2, "(r0+r1)")]
    [InlineData(3, "((r0+r1)+r2)")]
    [InlineData(5, "(((r0+r1)+(r2+r3))+r4)")]
    [InlineData(7, "(((r0+r1)+(r2+r3))+((r4+r5)+r6))")]
    public void Sum_HasTheShapeOfItsNumber(int devices, string expected) =>
        Assert.Equal(expected, Carried(ReductionPlan.Of(devices)));

    [Fact]
    public void AnyTopology_GivesTheSameTreeOverAllDevices() => Machines.Sample(machine =>
    {
        ReductionPlan plan = Of(machine);
        int count = machine.Boards.Length;
        Assert.Equal(Enumerable.Range(0, count), plan.Devices.Order());
        Assert.Equal(Shape(0, count), count == 1 ? "r0" : Carried(plan));
        Assert.Equal(count - 1, plan.Pairs.Count);
        Assert.Equal(Enumerable.Range(1, count - 1), plan.Pairs.Select(pair => pair.Child).Order());
        int rounds = plan.Pairs.Count == 0 ? 0 : plan.Pairs[^1].Round + 1;
        Assert.Equal((int)Math.Ceiling(Math.Log2(count)), rounds);
        foreach (IGrouping<int, ReductionPair> round in plan.Pairs.GroupBy(pair => pair.Round))
        {
            int[] busy = [.. round.SelectMany(pair => (int[])[pair.Parent, pair.Child])];
            Assert.Equal(busy.Length, busy.Distinct().Count());
        }
    });

    [Fact]
    public void FirstRound_LeavesNoNearerPartnersApart() => Machines.Sample(machine =>
    {
        ReductionPlan plan = Of(machine);
        (int A, int B, DeviceLink Link)[] pairs =
        [
            .. plan.Pairs.Where(pair => pair.Round == 0).Select(pair =>
                (plan.Devices[pair.Parent], plan.Devices[pair.Child],
                    LinkOf(machine, plan.Devices[pair.Parent], plan.Devices[pair.Child]))),
        ];
        for (int i = 0; i < pairs.Length; i++)
        {
            for (int j = i + 1; j < pairs.Length; j++)
            {
                DeviceLink farther = (DeviceLink)Math.Max((int)pairs[i].Link, (int)pairs[j].Link);
                Assert.True(LinkOf(machine, pairs[i].A, pairs[j].A) <= farther);
                Assert.True(LinkOf(machine, pairs[i].B, pairs[j].B) <= farther);
            }
        }
    });

    [Fact]
    public void BoardsBeforePeersBeforeTheRest()
    {
        // Devices 0 and 3 share a board, 1 and 4 are peers.
        ReductionPlan plan = ReductionPlan.Of(6, static (a, b) => (a, b) switch
        {
            (0, 3) => DeviceLink.Board,
            (1, 4) => DeviceLink.Peer,
            _ => DeviceLink.Host,
        });
        Assert.Equal([0, 3, 1, 4, 2, 5], plan.Devices);
    }

    [Fact]
    public void PairsOfARank_AreInTheOrderInWhichItAdds()
    {
        ReductionPlan plan = ReductionPlan.Of(6);
        Assert.Equal([1, 2, 4], plan.PairsUnder(0).Select(pair => pair.Child));
        Assert.Equal(0, plan.PairAbove(4)!.Parent);
        Assert.Null(plan.PairAbove(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ReductionPlan.Of(0));
    }
}
