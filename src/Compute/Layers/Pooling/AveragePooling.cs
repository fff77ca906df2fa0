using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// The sum of each window's elements over its divisor (<see cref="PoolingGeometry.DivisorH"/>): first the columns of
/// a row of windows are added up, then the columns of each window. A row is one plane.
/// </summary>
/// <param name="geometry">Where the windows lie.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The averages.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct AveragePooling(
    PoolingGeometry geometry, float* x, float* y, Workspace workspace) : IRowBody
{
    /// <summary>Does some planes.</summary>
    public void Invoke(int from, int to, int worker)
    {
        PoolingGeometry g = geometry;
        if (g.PooledWidth == 1 && g.PadW == 0 && g.KernelW >= g.Width)
        {
            for (int plane = from; plane < to; plane++)
                WholeRows(g, x + ((long)plane * g.PlaneSize), y + ((long)plane * g.PooledHeight));
            return;
        }

        float* divisors = AverageScratch.Divisors(g, workspace, worker);
        // The sums of the plane's columns, between zeros for the columns beside it.
        long size = Math.Max(g.PadW + g.Width, g.Regular ? g.SpanW : 0) + (3 * Lanes.Count) + g.KernelW;
        float* columns = workspace.OfWorker(worker, WorkspaceSlots.Layer, size);
        new Span<float>(columns, (int)size).Clear();
        for (int plane = from; plane < to; plane++)
        {
            float* source = x + ((long)plane * g.PlaneSize);
            float* target = y + ((long)plane * g.PooledSize);
            for (int ph = 0; ph < g.PooledHeight; ph++)
            {
                (int top, int bottom) = g.RowsOf(ph);
                AddRows(source + ((long)top * g.Width), Math.Max(0, bottom - top), g.Width, columns + g.PadW);
                if (g.Regular)
                    Vector(g, columns, divisors, g.DivisorH(ph), target + (ph * g.PooledWidth));
                else
                    Scalar(g, columns + g.PadW, divisors, g.DivisorH(ph), target + (ph * g.PooledWidth));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows(float* rows, int count, int width, float* sums)
    {
        int w = 0;
        for (; w + Lanes.Count <= width; w += Lanes.Count)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = 0; i < count; i++)
                sum += Vector512.Load(rows + ((long)i * width) + w);
            sum.Store(sums + w);
        }

        if (w < width)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = 0; i < count; i++)
                sum += Lanes.Load(rows + ((long)i * width) + w, width - w);
            Lanes.Store(sum, sums + w, width - w);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Vector(in PoolingGeometry g, float* columns, float* divisors, float divisorH, float* y)
    {
        int kernelW = g.KernelW;
        for (int pw = 0; pw < g.PooledWidth; pw += Lanes.Count)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            float* window = columns + (pw * g.StrideW);
            if (g.StrideW == 1)
            {
                for (int j = 0; j < kernelW; j++)
                    sum += Vector512.Load(window + j);
            }
            else
            {
                for (int j = 0; j < kernelW; j += 2)
                {
                    Lanes.Deinterleave(window + j, out Vector512<float> even, out Vector512<float> odd);
                    sum += even;
                    if (j + 1 < kernelW)
                        sum += odd;
                }
            }

            sum /= Vector512.Load(divisors + pw) * Vector512.Create(divisorH);
            Lanes.Store(sum, y + pw, g.PooledWidth - pw);
        }
    }

    private static void Scalar(in PoolingGeometry g, float* columns, float* divisors, float divisorH, float* y)
    {
        for (int pw = 0; pw < g.PooledWidth; pw++)
        {
            (int left, int right) = g.ColumnsOf(pw);
            float sum = 0;
            for (int w = left; w < right; w++)
                sum += columns[w];
            y[pw] = sum / (divisorH * divisors[pw]);
        }
    }

    // Windows as wide as the plane (global pooling) lie in one piece.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WholeRows(in PoolingGeometry g, float* source, float* y)
    {
        for (int ph = 0; ph < g.PooledHeight; ph++)
        {
            (int top, int bottom) = g.RowsOf(ph);
            float* window = source + ((long)top * g.Width);
            int count = Math.Max(0, bottom - top) * g.Width, i = 0;
            Vector512<float> even = Vector512<float>.Zero, odd = even;
            for (; i + (2 * Lanes.Count) <= count; i += 2 * Lanes.Count)
            {
                even += Vector512.Load(window + i);
                odd += Vector512.Load(window + i + Lanes.Count);
            }

            for (; i < count; i += Lanes.Count)
                even += Lanes.LoadFirst(window + i, count - i, 0);
            y[ph] = Vector512.Sum(even + odd) / ((float)g.DivisorH(ph) * g.DivisorW(0));
        }
    }
}

/// <summary>
/// Spreads each window's gradient, over its divisor, over the window's elements: first over the columns, for a row
/// of windows at once, then over the rows. A row is one plane.
/// </summary>
/// <param name="geometry">Where the windows lie.</param>
/// <param name="dy">Gradients of the windows.</param>
/// <param name="dx">Gradients of the planes, overwritten.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct AverageSpread(
    PoolingGeometry geometry, float* dy, float* dx, Workspace workspace) : IRowBody
{
    /// <summary>Does some planes.</summary>
    public void Invoke(int from, int to, int worker)
    {
        PoolingGeometry g = geometry;
        if (g.PooledSize == 1 && g.PadH == 0 && g.PadW == 0 && g.KernelH >= g.Height && g.KernelW >= g.Width)
        {
            for (int plane = from; plane < to; plane++)
                new Span<float>(dx + ((long)plane * g.PlaneSize), g.PlaneSize).Fill(dy[plane] / g.PlaneSize);
            return;
        }

        float* divisors = AverageScratch.Divisors(g, workspace, worker);
        long size = Math.Max(g.PadW + g.Width, g.Regular ? g.SpanW : 0) + (3 * Lanes.Count);
        float* columns = workspace.OfWorker(worker, WorkspaceSlots.Layer, size);
        // Gradients of a row of windows between kernelW zeros on either side.
        long sharesSize = g.PooledWidth + (2L * g.KernelW) + (4 * Lanes.Count);
        float* shares = g.Regular ? workspace.OfWorker(worker, WorkspaceSlots.Layer + 2, sharesSize) : null;
        if (shares is not null)
            new Span<float>(shares, (int)sharesSize).Clear();
        for (int plane = from; plane < to; plane++)
        {
            float* source = dy + ((long)plane * g.PooledSize);
            float* target = dx + ((long)plane * g.PlaneSize);
            new Span<float>(target, g.PlaneSize).Clear();
            for (int ph = 0; ph < g.PooledHeight; ph++)
            {
                float divisorH = g.DivisorH(ph);
                if (g.Regular)
                    Vector(g, source + (ph * g.PooledWidth), divisors, divisorH, shares + g.KernelW, columns);
                else
                    Scalar(g, source + (ph * g.PooledWidth), divisors, divisorH, columns + g.PadW);
                (int top, int bottom) = g.RowsOf(ph);
                for (int h = top; h < bottom; h++)
                    AddRow(columns + g.PadW, target + ((long)h * g.Width), g.Width);
            }
        }
    }

    // columns[w] = sum over j of shares[(w - j) / stride], where that is a whole number.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Vector(
        in PoolingGeometry g, float* dy, float* divisors, float divisorH, float* shares, float* columns)
    {
        int kernelW = g.KernelW;
        for (int pw = 0; pw < g.PooledWidth; pw += Lanes.Count)
        {
            Vector512<float> divisor = Vector512.Load(divisors + pw) * Vector512.Create(divisorH);
            Lanes.Store(Vector512.Load(dy + pw) / divisor, shares + pw, g.PooledWidth - pw);
        }

        int end = g.PadW + g.Width;
        if (g.StrideW == 1)
        {
            for (int w = 0; w < end; w += Lanes.Count)
            {
                Vector512<float> sum = Vector512<float>.Zero;
                for (int j = 0; j < kernelW; j++)
                    sum += LoadShares(g, shares, w - j);
                sum.Store(columns + w);
            }
        }
        else
        {
            for (int w = 0; w < end; w += 2 * Lanes.Count)
            {
                Vector512<float> even = Vector512<float>.Zero, odd = even;
                for (int j = 0; j < kernelW; j += 2)
                {
                    Vector512<float> share = LoadShares(g, shares, (w - j) / 2);
                    even += share;
                    if (j + 1 < kernelW)
                        odd += share;
                }

                Lanes.StoreInterleaved(columns + w, even, odd);
            }
        }
    }

    // Far right of the last window there is nothing but zeros.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LoadShares(in PoolingGeometry g, float* shares, int first) =>
        first >= g.PooledWidth ? Vector512<float>.Zero : Vector512.Load(shares + first);

    private static void Scalar(in PoolingGeometry g, float* dy, float* divisors, float divisorH, float* columns)
    {
        new Span<float>(columns, g.Width).Clear();
        for (int pw = 0; pw < g.PooledWidth; pw++)
        {
            (int left, int right) = g.ColumnsOf(pw);
            float share = dy[pw] / (divisorH * divisors[pw]);
            for (int w = left; w < right; w++)
                columns[w] += share;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRow(float* columns, float* target, int width)
    {
        int w = 0;
        for (; w + Lanes.Count <= width; w += Lanes.Count)
            (Vector512.Load(target + w) + Vector512.Load(columns + w)).Store(target + w);
        if (w < width)
            Lanes.Store(Lanes.Load(target + w, width - w) + Vector512.Load(columns + w), target + w, width - w);
    }
}

/// <summary>What both directions of average pooling prepare.</summary>
internal static unsafe class AverageScratch
{
    /// <summary>The column divisors of a row of windows, 1 beyond the last.</summary>
    public static float* Divisors(in PoolingGeometry g, Workspace workspace, int worker)
    {
        float* divisors = workspace.OfWorker(worker, WorkspaceSlots.Layer + 1, g.PooledWidth + Lanes.Count);
        for (int pw = 0; pw < g.PooledWidth; pw++)
            divisors[pw] = g.DivisorW(pw);
        new Span<float>(divisors + g.PooledWidth, Lanes.Count).Fill(1);
        return divisors;
    }
}
