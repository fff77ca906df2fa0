using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Random;

namespace CaffeActors.Compute.Tests.Nets.Memory;

public sealed class BlockPlacementTests
{
    [Fact]
    public void BlocksOneAfterTheOther_ShareOnePlace()
    {
        // 0 writes a, 1 reads it and writes b, 2 reads b and writes c: c may lie where a was.
        var order = new EventOrder(4, [[1], [2], [3], []]);
        MemoryBlock[] blocks = [Block(640, 0, 1), Block(128, 1, 2), Block(600, 2, 3)];
        (long[] offsets, long bytes) = BlockPlacement.Place(blocks, order);
        Assert.Equal(offsets[0], offsets[2]);
        Assert.Equal(640 + 128, bytes);
    }

    [Fact]
    public void BranchesThatMayRunInAnyOrder_ShareNothing()
    {
        // 1 and 2 both come after 0 and before 3.
        var order = new EventOrder(4, [[1, 2], [3], [3], []]);
        (_, long bytes) = BlockPlacement.Place([Block(64, 1), Block(64, 2)], order);
        Assert.Equal(128, bytes);
        (_, bytes) = BlockPlacement.Place([Block(64, 0), Block(64, 3)], order);
        Assert.Equal(64, bytes);
    }

    [Fact]
    public void BlockOfTwoLives_LendsItsPlaceBetweenThem()
    {
        var order = new EventOrder(4, [[1], [2], [3], []]);
        var twice = new MemoryBlock(64, [[0], [3]]);
        (_, long bytes) = BlockPlacement.Place([twice, Block(64, 1, 2)], order);
        Assert.Equal(64, bytes);
        (_, bytes) = BlockPlacement.Place([twice, Block(64, 2, 3)], order);
        Assert.Equal(128, bytes);
    }

    [Fact]
    public void Sizes_AreRoundedUpToWholeLines()
    {
        (long[] offsets, long bytes) = BlockPlacement.Place([Block(4, 0), Block(100, 0)], new EventOrder(1, [[]]));
        Assert.Equal([128, 0], offsets);
        Assert.Equal(192, bytes);
    }

    [Fact]
    public void RandomGraphs_NeverHaveTwoLiveBlocksInOnePlace()
    {
        var dice = new Dice(11);
        long taken = 0, apart = 0;
        for (int round = 0; round < 60; round++)
        {
            int events = 4 + dice.Below(24);
            int[][] next = [.. Enumerable.Range(0, events).Select(first => (int[])
            [
                .. Enumerable.Range(first + 1, events - first - 1)
                    .Where(second => second == first + 1 ? dice.Below(3) > 0 : dice.Below(8) == 0),
            ])];
            var order = new EventOrder(events, next);
            MemoryBlock[] blocks = [.. Enumerable.Range(0, 3 + dice.Below(25)).Select(_ => RandomBlock(dice, order))];
            (long[] offsets, long bytes) = BlockPlacement.Place(blocks, order);
            taken += bytes;
            apart += blocks.Sum(BlockPlacement.SizeOf);
            for (int run = 0; run < 20; run++)
                RequireApart(blocks, offsets, RandomRun(dice, next));
        }

        Assert.True(taken < apart * 9 / 10, $"{taken} of {apart} bytes: next to nothing is shared");
    }

    private static void RequireApart(MemoryBlock[] blocks, long[] offsets, int[] timeOf)
    {
        for (int a = 0; a < blocks.Length; a++)
        {
            for (int b = 0; b < a; b++)
            {
                bool samePlace = offsets[a] < offsets[b] + blocks[b].Bytes && offsets[b] < offsets[a] + blocks[a].Bytes;
                if (!samePlace)
                    continue;
                foreach ((int From, int To) first in Spans(blocks[a], timeOf))
                {
                    foreach ((int From, int To) second in Spans(blocks[b], timeOf))
                        Assert.True(first.To < second.From || second.To < first.From, "two live blocks in one place");
                }
            }
        }
    }

    private static IEnumerable<(int From, int To)> Spans(MemoryBlock block, int[] timeOf) =>
        block.Lives.Select(life => (life.Min(step => timeOf[step]), life.Max(step => timeOf[step])));

    // For each event the time at which it happens in some order that the graph allows.
    private static int[] RandomRun(Dice dice, int[][] next)
    {
        var waitsFor = new int[next.Length];
        foreach (int second in next.SelectMany(seconds => seconds))
            waitsFor[second]++;
        List<int> ready = [.. Enumerable.Range(0, next.Length).Where(step => waitsFor[step] == 0)];
        var timeOf = new int[next.Length];
        for (int time = 0; ready.Count > 0; time++)
        {
            int pick = dice.Below(ready.Count), step = ready[pick];
            ready.RemoveAt(pick);
            timeOf[step] = time;
            foreach (int second in next[step])
            {
                if (--waitsFor[second] == 0)
                    ready.Add(second);
            }
        }

        return timeOf;
    }

    private static MemoryBlock RandomBlock(Dice dice, EventOrder order)
    {
        int[] life = RandomLife(dice, order, 0);
        int[] later = dice.Below(3) == 0 ? RandomLife(dice, order, life.Max() + 1) : [];
        return new MemoryBlock(
            64 * (1 + dice.Below(20)),
            later.Length > 0 && order.Precede(life, later) ? [life, later] : [life]);
    }

    private static int[] RandomLife(Dice dice, EventOrder order, int from) => from >= order.Count ? [] :
        [.. Enumerable.Range(0, 1 + dice.Below(3)).Select(_ => from + dice.Below(order.Count - from)).Distinct()];

    private static MemoryBlock Block(long bytes, params int[] life) => new(bytes, [life]);

    private sealed class Dice(ulong seed)
    {
        private readonly RandomDraw _draw = new(seed, 0, 0);
        private uint _next;

        public int Below(int sides) => (int)(_draw.Bits(_next++) % (uint)sides);
    }
}
