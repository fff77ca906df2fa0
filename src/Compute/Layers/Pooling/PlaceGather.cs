using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// What <see cref="PlaceScatter"/> does, seen from the plane: each element adds up the gradients of those windows
/// around it that took its place, in their order, so the bits are the same. A row is one plane.
/// </summary>
/// <param name="geometry">Where the windows lie; <see cref="Takes"/> says whether it may be.</param>
/// <param name="dy">Gradients of the windows.</param>
/// <param name="places">The places taken.</param>
/// <param name="dx">Gradients of the planes, overwritten.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct PlaceGather(
    PoolingGeometry geometry, float* dy, int* places, float* dx, Workspace workspace) : IRowBody
{
    // Windows around an element beyond which going through the windows is faster.
    private const int MostWindows = 30;

    /// <summary>Whether it is right and fast. A row of windows must be longer than the windows around an element:
    /// those next to it in memory are then all different ones.</summary>
    /// <param name="g">The geometry.</param>
    public static bool Takes(in PoolingGeometry g) =>
        g.StrideW <= 2 && g.PooledWidth >= Math.Max(Around(g.KernelW, g.StrideW), g.StrideW == 1 ? 1 : Lanes.Count + 1)
        && Around(g.KernelW, g.StrideW) * (long)Around(g.KernelH, g.StrideH) <= MostWindows;

    /// <summary>Does some planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        PoolingGeometry g = geometry;
        int stride = g.StrideW, pooledW = g.PooledWidth;
        // Where rows of windows and rows of elements are the same, the plane is one long row.
        bool joined = stride == 1 && g.StrideH == 1 && pooledW == g.Width && g.PooledHeight == g.Height;
        // Windows that there are not take place -1 and surround those there are.
        int margin = ((joined ? g.KernelH * pooledW : 0) + g.KernelW + (2 * Lanes.Count)) / Lanes.Count * Lanes.Count;
        int size = (2 * margin) + ((g.PooledSize + Lanes.Count) / Lanes.Count * Lanes.Count);
        float* gradients = workspace.OfWorker(worker, WorkspaceSlots.Layer, 2L * size);
        var taken = (int*)(gradients + size);
        new Span<float>(gradients, size).Clear();
        new Span<int>(taken, size).Fill(-1);
        gradients += margin;
        taken += margin;
        for (int plane = from; plane < to; plane++)
        {
            Copy(dy + ((long)plane * g.PooledSize), gradients, g.PooledSize);
            Copy((float*)(places + ((long)plane * g.PooledSize)), (float*)taken, g.PooledSize);
            float* target = dx + ((long)plane * g.PlaneSize);
            if (joined)
            {
                int first = (g.PadH - g.KernelH + 1) * pooledW;
                One(g, gradients + first, taken + first, g.KernelH, 0, g.PlaneSize, target);
                continue;
            }

            for (int h = 0; h < g.Height; h++)
            {
                int first = Math.Max(0, h + g.PadH - g.KernelH + g.StrideH) / g.StrideH;
                int rows = Math.Min(g.PooledHeight - 1, (h + g.PadH) / g.StrideH) - first + 1;
                int offset = first * pooledW, cell = h * g.Width;
                if (stride == 1)
                    One(g, gradients + offset, taken + offset, rows, cell, g.Width, target + cell);
                else
                    Two(g, gradients + offset, taken + offset, rows, cell, g.Width, target + cell);
            }
        }
    }

    // The most windows, along one axis, that an element lies in.
    private static int Around(int kernel, int stride) => (kernel + stride - 1) / stride;

    // Windows one column apart: those of element w begin at w - pad - (kernel - 1) to w - pad.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(
        in PoolingGeometry g, float* gradients, int* taken, int rows, int cell, int count, float* target)
    {
        int kernel = g.KernelW, distance = g.PooledWidth;
        gradients += g.PadW - kernel + 1;
        taken += g.PadW - kernel + 1;
        Vector512<int> here = Vector512<int>.Indices + Vector512.Create(cell);
        for (int w = 0; w < count; w += Lanes.Count)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = 0; i < rows; i++)
            {
                int q = (i * distance) + w;
                for (int j = 0; j < kernel; j++, q++)
                    sum += Of(here, gradients + q, taken + q);
            }

            Put(sum, target + w, count - w);
            here += Vector512.Create(Lanes.Count);
        }
    }

    // Windows two columns apart: elements at even and odd columns lie in different ones, whose places tell.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(
        in PoolingGeometry g, float* gradients, int* taken, int rows, int cell, int count, float* target)
    {
        int distance = g.PooledWidth, first = ((g.PadW - g.KernelW) >> 1) + 1, windows = ((g.PadW + 1) >> 1) - first;
        Vector512<int> here = (Vector512<int>.Indices * 2) + Vector512.Create(cell);
        gradients += first;
        taken += first;
        for (int w = 0; w < count; w += 2 * Lanes.Count)
        {
            Vector512<float> even = Vector512<float>.Zero, odd = even;
            Vector512<int> next = here + Vector512<int>.One;
            float* row = gradients + (w >> 1);
            int* rowTaken = taken + (w >> 1);
            for (int i = 0; i < rows; i++)
            {
                Add(row, rowTaken, here, next, ref even, ref odd);
                for (int j = 1; j <= windows; j++)
                    Add(row + j, rowTaken + j, here, next, ref even, ref odd);
                row += distance;
                rowTaken += distance;
            }

            if (w + (2 * Lanes.Count) <= count)
            {
                Lanes.StoreInterleaved(target + w, even, odd);
            }
            else
            {
                Lanes.Interleave(even, odd, out Vector512<float> low, out Vector512<float> high);
                Put(low, target + w, count - w);
                if (count - w > Lanes.Count)
                    Put(high, target + w + Lanes.Count, count - w - Lanes.Count);
            }

            here += Vector512.Create(2 * Lanes.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        float* gradients, int* taken, Vector512<int> here, Vector512<int> next, ref Vector512<float> even,
        ref Vector512<float> odd)
    {
        Vector512<int> place = Vector512.Load(taken);
        Vector512<float> gradient = Vector512.Load(gradients);
        even += Vector512.ConditionalSelect(
            Vector512.Equals(place, here).AsSingle(), gradient, Vector512<float>.Zero);
        odd += Vector512.ConditionalSelect(
            Vector512.Equals(place, next).AsSingle(), gradient, Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Of(Vector512<int> here, float* gradients, int* taken) =>
        Vector512.ConditionalSelect(
            Vector512.Equals(Vector512.Load(taken), here).AsSingle(), Vector512.Load(gradients),
            Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector512<float> values, float* target, int count)
    {
        if (count >= Lanes.Count)
            values.Store(target);
        else
            Lanes.Store(values, target, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy(float* source, float* target, int count)
    {
        int i = 0;
        for (; i + Lanes.Count <= count; i += Lanes.Count)
            Vector512.Load(source + i).Store(target + i);
        Lanes.Store(Lanes.Load(source + i, count - i), target + i, count - i);
    }
}
