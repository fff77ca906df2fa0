using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>Scratch memory of pooling over more than two axes.</summary>
internal static class VolumeSlots
{
    /// <summary>One number for each slice and window of it; the slots below are the two-dimensional kernels'.</summary>
    public const int Values = WorkspaceSlots.Layer + 3;

    /// <summary>Their places.</summary>
    public const int Places = WorkspaceSlots.Layer + 4;
}

/// <summary>
/// The maxima of windows over more than two axes: those of each slice first, then the greatest of a window's slices,
/// the first one where there are equal ones. A row is one plane.
/// </summary>
/// <param name="slice">Where the windows lie on a slice.</param>
/// <param name="outer">Which slices belong together.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The maxima.</param>
/// <param name="places">Their places on their planes.</param>
/// <param name="mask">The places as floats; null where nobody wants them.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct VolumeMax(
    PoolingGeometry slice, OuterWindows outer, float* x, float* y, int* places, float* mask, Workspace workspace)
    : IRowBody
{
    /// <summary>Does some planes.</summary>
    public void Invoke(int from, int to, int worker)
    {
        int pooled = slice.PooledSize, slices = outer.Slices;
        long size = (long)slices * pooled;
        float* values = workspace.OfWorker(worker, VolumeSlots.Values, size);
        var at = (int*)workspace.OfWorker(worker, VolumeSlots.Places, size);
        for (int plane = from; plane < to; plane++)
        {
            float* source = x + ((long)plane * slices * slice.PlaneSize);
            new MaxPooling(slice, slices, source, values, at, null, workspace).Invoke(0, slices, worker);
            for (int window = 0; window < outer.Count; window++)
            {
                long target = (((long)plane * outer.Count) + window) * pooled;
                Join(outer.MembersOf(window), values, at, pooled, y + target, places + target);
                for (int i = 0; mask is not null && i < pooled; i++)
                    mask[target + i] = places[target + i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Join(ReadOnlySpan<int> slices, float* values, int* at, int pooled, float* y, int* place)
    {
        for (int i = 0; i < pooled; i += Lanes.Count)
        {
            int lanes = Math.Min(Lanes.Count, pooled - i);
            Vector512<float> best = Vector512.Create(float.MinValue);
            Vector512<int> taken = Vector512<int>.AllBitsSet;
            foreach (int s in slices)
            {
                long offset = ((long)s * pooled) + i;
                Vector512<float> value = Lanes.Load(values + offset, lanes);
                Vector512<int> there =
                    Lanes.Load((float*)(at + offset), lanes).AsInt32() + Vector512.Create(s * slice.PlaneSize);
                Vector512<float> greater = Vector512.GreaterThan(value, best);
                best = Vector512.ConditionalSelect(greater, value, best);
                taken = Vector512.ConditionalSelect(greater.AsInt32(), there, taken);
            }

            Lanes.Store(best, y + i, lanes);
            Lanes.Store(taken.AsSingle(), (float*)(place + i), lanes);
        }
    }
}

/// <summary>
/// The averages of windows over more than two axes: those of each slice first, then their sum over the number of
/// slices. A row is one plane.
/// </summary>
/// <param name="slice">Where the windows lie on a slice.</param>
/// <param name="outer">Which slices belong together.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The averages.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct VolumeAverage(
    PoolingGeometry slice, OuterWindows outer, float* x, float* y, Workspace workspace) : IRowBody
{
    /// <summary>Does some planes.</summary>
    public void Invoke(int from, int to, int worker)
    {
        int pooled = slice.PooledSize, slices = outer.Slices;
        float* values = workspace.OfWorker(worker, VolumeSlots.Values, (long)slices * pooled);
        for (int plane = from; plane < to; plane++)
        {
            float* source = x + ((long)plane * slices * slice.PlaneSize);
            new AveragePooling(slice, source, values, workspace).Invoke(0, slices, worker);
            for (int window = 0; window < outer.Count; window++)
            {
                float* target = y + ((((long)plane * outer.Count) + window) * pooled);
                Join(outer.MembersOf(window), values, pooled, outer.DivisorOf(window), target);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Join(ReadOnlySpan<int> slices, float* values, int pooled, float divisor, float* y)
    {
        for (int i = 0; i < pooled; i += Lanes.Count)
        {
            int lanes = Math.Min(Lanes.Count, pooled - i);
            Vector512<float> sum = Vector512<float>.Zero;
            foreach (int s in slices)
                sum += Lanes.Load(values + ((long)s * pooled) + i, lanes);
            Lanes.Store(sum / Vector512.Create(divisor), y + i, lanes);
        }
    }
}

/// <summary>
/// Spreads each window's gradient over its slices, and within each slice over its elements. A row is one plane.
/// </summary>
/// <param name="slice">Where the windows lie on a slice.</param>
/// <param name="outer">Which slices belong together.</param>
/// <param name="dy">Gradients of the windows.</param>
/// <param name="dx">Gradients of the planes, overwritten.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct VolumeSpread(
    PoolingGeometry slice, OuterWindows outer, float* dy, float* dx, Workspace workspace) : IRowBody
{
    /// <summary>Does some planes.</summary>
    public void Invoke(int from, int to, int worker)
    {
        int pooled = slice.PooledSize, slices = outer.Slices;
        float* shares = workspace.OfWorker(worker, VolumeSlots.Values, (long)slices * pooled);
        for (int plane = from; plane < to; plane++)
        {
            new Span<float>(shares, slices * pooled).Clear();
            for (int window = 0; window < outer.Count; window++)
            {
                float* source = dy + ((((long)plane * outer.Count) + window) * pooled);
                Vector512<float> divisor = Vector512.Create(outer.DivisorOf(window));
                foreach (int s in outer.MembersOf(window))
                    Add(source, shares + ((long)s * pooled), pooled, divisor);
            }

            float* target = dx + ((long)plane * slices * slice.PlaneSize);
            new AverageSpread(slice, shares, target, workspace).Invoke(0, slices, worker);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(float* source, float* shares, int pooled, Vector512<float> divisor)
    {
        for (int i = 0; i < pooled; i += Lanes.Count)
        {
            int lanes = Math.Min(Lanes.Count, pooled - i);
            Lanes.Store(Lanes.Load(shares + i, lanes) + (Lanes.Load(source + i, lanes) / divisor), shares + i, lanes);
        }
    }
}
