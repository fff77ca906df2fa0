using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Nets.Memory;

/// <summary>
/// Gives blocks of memory their places: the largest first, each into the smallest gap that it fits in between those
/// placed before that it may not overlap, else behind them. Pure.
/// </summary>
public static class BlockPlacement
{
    /// <summary>Places blocks.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="order">The order of the events of their lives.</param>
    /// <returns>For each block where it begins, a multiple of 64, and how many bytes all take.</returns>
    public static (long[] Offsets, long Bytes) Place(IReadOnlyList<MemoryBlock> blocks, EventOrder order)
    {
        var offsets = new long[blocks.Count];
        long total = 0;
        List<int> placed = [];
        List<(long From, long To)> taken = [];
        foreach (int block in Enumerable.Range(0, blocks.Count).OrderByDescending(i => blocks[i].Bytes))
        {
            taken.Clear();
            foreach (int other in placed)
            {
                if (!blocks[block].FitsWith(blocks[other], order))
                    taken.Add((offsets[other], offsets[other] + SizeOf(blocks[other])));
            }

            taken.Sort();
            offsets[block] = BestGap(taken, SizeOf(blocks[block]));
            total = Math.Max(total, offsets[block] + SizeOf(blocks[block]));
            placed.Add(block);
        }

        return (offsets, total);
    }

    /// <summary>Bytes a block takes in its place.</summary>
    public static long SizeOf(MemoryBlock block) =>
        (block.Bytes + HostMemory.Alignment - 1) / HostMemory.Alignment * HostMemory.Alignment;

    private static long BestGap(List<(long From, long To)> taken, long size)
    {
        long best = -1, smallest = long.MaxValue, end = 0;
        foreach ((long from, long to) in taken)
        {
            long gap = from - end;
            if (gap >= size && gap < smallest)
                (best, smallest) = (end, gap);
            end = Math.Max(end, to);
        }

        return best >= 0 ? best : end;
    }
}
