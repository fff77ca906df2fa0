using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// The greatest values of each position along an axis and their indices, in falling order: of equal values the higher
/// index first, NaN above every number.
/// </summary>
/// <param name="x">Values.</param>
/// <param name="indices">Takes the indices; null where nobody wants them.</param>
/// <param name="values">Takes the values; null where nobody wants them.</param>
/// <param name="best">How many of each position, at most as many as there are.</param>
/// <param name="spread">1, or 2 where indices and values alternate, <paramref name="best"/> of each.</param>
/// <param name="split">How the positions lie.</param>
/// <param name="device">Whose workspace to use.</param>
internal readonly unsafe struct ArgMaxBody(
    float* x, float* indices, float* values, int best, int spread, PositionSplit split, CpuDevice device)
    : IParallelBody
{
    /// <inheritdoc/>
    public void Invoke(int task, int worker)
    {
        (int position, int to) = split.Of(task);
        if (best > 1 || split.Inner == 1)
        {
            for (; position < to; position++)
                Sort(position, worker);
            return;
        }

        while (position < to)
        {
            (long offset, int length) = split.Run(position, to);
            for (int i = 0; i < length; i += Lanes.Count)
                Greatest(position + i, x + offset + i, Math.Min(Lanes.Count, length - i));
            position += length;
        }
    }

    // The order of keys is that of (value, index): the float's bits as a rising number above, the index below.
    // Complemented, so that sorting puts the greatest first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong KeyOf(float value, int index)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value == 0 ? 0 : value);
        uint rank = float.IsNaN(value) ? uint.MaxValue
            : (bits & 0x80000000) != 0 ? ~bits
            : bits | 0x80000000;
        return ~(((ulong)rank << 32) | (uint)index);
    }

    // Keys that may be among the best are collected, and thinned out to the best when there are twice as many.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sort(int position, int worker)
    {
        int classes = split.Classes;
        long offset = split.IndexOf(position, 0), inner = split.Inner;
        int room = (int)Math.Min(classes, 2L * best);
        var keys = (ulong*)device.Workspace.OfWorker(worker, WorkspaceSlots.Layer, 2L * room);
        ulong limit = ulong.MaxValue;
        int count = 0;
        for (int i = 0; i < classes; i++)
        {
            ulong key = KeyOf(x[offset + (i * inner)], i);
            if (key >= limit)
                continue;
            if (count == room)
            {
                new Span<ulong>(keys, count).Sort();
                count = best;
                limit = keys[best - 1];
                if (key >= limit)
                    continue;
            }

            keys[count++] = key;
        }

        new Span<ulong>(keys, count).Sort();
        for (int k = 0; k < best; k++)
            Put(position, k, (int)~(uint)keys[k], offset);
    }

    // Sixteen neighbours at once.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Greatest(int position, float* column, int lanes)
    {
        Vector512<float> greatest = Lanes.Load(column, lanes);
        Vector512<int> index = Vector512<int>.Zero;
        for (int i = 1; i < split.Classes; i++)
        {
            Vector512<float> value = Lanes.Load(column + ((long)i * split.Inner), lanes);
            Vector512<float> takes = Vector512.GreaterThanOrEqual(value, greatest) | ~Vector512.Equals(value, value);
            greatest = Vector512.ConditionalSelect(takes, value, greatest);
            index = Vector512.ConditionalSelect(takes.AsInt32(), Vector512.Create(i), index);
        }

        for (int lane = 0; lane < lanes; lane++)
            Put(position + lane, 0, index[lane], column - x + lane);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Put(int position, int rank, int index, long offset)
    {
        long item = position / split.Inner, place = position % split.Inner;
        long at = (((item * best * spread) + rank) * split.Inner) + place;
        if (indices is not null)
            indices[at] = index;
        if (values is not null)
            values[at] = x[offset + ((long)index * split.Inner)];
    }
}
