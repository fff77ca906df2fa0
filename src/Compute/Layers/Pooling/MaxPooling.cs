using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// The greatest element of each window and its place: the first one, row by row, that is greater than all before it
/// and than -3.4e38. A window without such an element (all NaN, or wholly outside) gives -3.4e38 and the place -1.
/// A row is one plane.
/// </summary>
/// <param name="geometry">Where the windows lie.</param>
/// <param name="planes">Number of planes.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The maxima.</param>
/// <param name="places">Their places on their planes.</param>
/// <param name="mask">The places as floats; null where nobody wants them.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct MaxPooling(
    PoolingGeometry geometry, int planes, float* x, float* y, int* places, float* mask, Workspace workspace) : IRowBody
{
    // Rows of windows that are copied at once: few enough to stay in the first-level cache.
    private const int CopiedRows = 8;

    /// <summary>Does some planes.</summary>
    public void Invoke(int from, int to, int worker)
    {
        PoolingGeometry g = geometry;
        int stride = 0;
        float* scratch = null;
        if (g.Regular)
        {
            stride = (int)(g.SpanW + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
            long rows = Math.Min(g.SpanH, ((CopiedRows - 1L) * g.StrideH) + g.KernelH);
            scratch = workspace.OfWorker(
                worker, WorkspaceSlots.Layer, (rows * stride) + (3 * Lanes.Count) + g.KernelW);
        }

        for (int plane = from; plane < to; plane++)
        {
            float* source = x + ((long)plane * g.PlaneSize);
            float* best = y + ((long)plane * g.PooledSize);
            int* at = places + ((long)plane * g.PooledSize);
            if (g.Regular)
                Regular(g, source, plane + 1 < planes, scratch, stride, best, at);
            else
                Scalar(g, source, best, at);
            if (mask is null)
                continue;
            float* marks = mask + ((long)plane * g.PooledSize);
            for (int i = 0; i < g.PooledSize; i++)
                marks[i] = at[i];
        }
    }

    // Windows that lie on the plane are read where they are; of others the plane's part is copied between cells that
    // are never the greatest.
    private static void Regular(
        in PoolingGeometry g, float* source, bool isFollowed, float* scratch, int stride, float* y, int* places)
    {
        // The kernels read up to two registers beyond a row's end: into the next row or plane, where there is one.
        bool direct = g.PadW == 0 && g.SpanW <= g.Width && isFollowed && g.PlaneSize >= 4 * Lanes.Count;
        int firstInside = (g.PadH + g.StrideH - 1) / g.StrideH;
        int endInside = g.Height + g.PadH < g.KernelH ? 0 : ((g.Height + g.PadH - g.KernelH) / g.StrideH) + 1;
        for (int ph = 0; ph < g.PooledHeight;)
        {
            int top = (ph * g.StrideH) - g.PadH, count;
            float* rows = scratch;
            int distance = stride;
            if (direct && ph >= firstInside && ph < endInside)
            {
                count = Math.Min(endInside, g.PooledHeight) - ph;
                rows = source + ((long)top * g.Width);
                distance = g.Width;
            }
            else
            {
                count = Math.Min(direct ? 1 : CopiedRows, g.PooledHeight - ph);
                CopyRows(g, source, top, ((count - 1) * g.StrideH) + g.KernelH, scratch, stride);
            }

            int corner = (top * g.Width) - g.PadW, offset = ph * g.PooledWidth;
            if (g.StrideW == 1)
                StepOne(g, rows, distance, count, corner, y + offset, places + offset);
            else
                StepTwo(g, rows, distance, count, corner, y + offset, places + offset);
            ph += count;
        }
    }

    private static void CopyRows(in PoolingGeometry g, float* source, int top, int count, float* scratch, int stride)
    {
        int columns = (int)Math.Min(g.Width, g.SpanW - g.PadW), right = g.PadW + columns;
        for (int h = top; h < top + count; h++, scratch += stride)
        {
            if (h < 0 || h >= g.Height)
            {
                new Span<float>(scratch, stride).Fill(float.MinValue);
                continue;
            }

            new Span<float>(scratch, g.PadW).Fill(float.MinValue);
            new ReadOnlySpan<float>(source + ((long)h * g.Width), columns)
                .CopyTo(new Span<float>(scratch + g.PadW, columns));
            new Span<float>(scratch + right, stride - right).Fill(float.MinValue);
        }
    }

    // Rows of windows one column apart, 16 windows at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StepOne(
        in PoolingGeometry g, float* source, int stride, int count, int corner, float* y, int* places)
    {
        int kernelH = g.KernelH, kernelW = g.KernelW, pooledW = g.PooledWidth;
        Vector512<int> width = Vector512.Create(g.Width), one = Vector512<int>.One;
        for (; count > 0; count--)
        {
            for (int pw = 0; pw < pooledW; pw += Lanes.Count)
            {
                Vector512<float> best = Vector512.Create(float.MinValue);
                Vector512<int> at = Vector512<int>.AllBitsSet;
                Vector512<int> rowPlace = Vector512<int>.Indices + Vector512.Create(corner + pw);
                float* row = source + pw;
                for (int i = 0; i < kernelH; i++, row += stride)
                {
                    Vector512<int> place = rowPlace;
                    for (int j = 0; j < kernelW; j++)
                    {
                        Take(Vector512.Load(row + j), place, ref best, ref at);
                        place += one;
                    }

                    rowPlace += width;
                }

                Lanes.Store(best, y + pw, pooledW - pw);
                Lanes.Store(at.AsSingle(), (float*)(places + pw), pooledW - pw);
            }

            source += (long)g.StrideH * stride;
            corner += g.StrideH * g.Width;
            y += pooledW;
            places += pooledW;
        }
    }

    // Rows of windows two columns apart, 16 windows at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StepTwo(
        in PoolingGeometry g, float* source, int stride, int count, int corner, float* y, int* places)
    {
        int kernelH = g.KernelH, kernelW = g.KernelW, pooledW = g.PooledWidth;
        Vector512<int> width = Vector512.Create(g.Width), one = Vector512<int>.One;
        for (; count > 0; count--)
        {
            for (int pw = 0; pw < pooledW; pw += Lanes.Count)
            {
                Vector512<float> best = Vector512.Create(float.MinValue);
                Vector512<int> at = Vector512<int>.AllBitsSet;
                Vector512<int> rowPlace = (Vector512<int>.Indices * 2) + Vector512.Create(corner + (2 * pw));
                float* row = source + (2 * pw);
                for (int i = 0; i < kernelH; i++, row += stride)
                {
                    Vector512<int> place = rowPlace;
                    for (int j = 0; j < kernelW; j += 2)
                    {
                        Lanes.Deinterleave(row + j, out Vector512<float> even, out Vector512<float> odd);
                        Take(even, place, ref best, ref at);
                        place += one;
                        if (j + 1 < kernelW)
                            Take(odd, place, ref best, ref at);
                        place += one;
                    }

                    rowPlace += width;
                }

                Lanes.Store(best, y + pw, pooledW - pw);
                Lanes.Store(at.AsSingle(), (float*)(places + pw), pooledW - pw);
            }

            source += (long)g.StrideH * stride;
            corner += g.StrideH * g.Width;
            y += pooledW;
            places += pooledW;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(
        Vector512<float> value, Vector512<int> place, ref Vector512<float> best, ref Vector512<int> at)
    {
        Vector512<float> greater = Vector512.GreaterThan(value, best);
        at = Vector512.ConditionalSelect(greater.AsInt32(), place, at);
        // x86's maximum takes its second operand where one is NaN, which is just this; other processors' do not.
        best = Avx.IsSupported
            ? Vector512.MaxNative(value, best)
            : Vector512.ConditionalSelect(greater, value, best);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scalar(in PoolingGeometry g, float* source, float* y, int* places)
    {
        for (int ph = 0; ph < g.PooledHeight; ph++)
        {
            (int top, int bottom) = g.RowsOf(ph);
            for (int pw = 0; pw < g.PooledWidth; pw++)
            {
                (int left, int right) = g.ColumnsOf(pw);
                float best = float.MinValue;
                int at = -1;
                for (int h = top; h < bottom; h++)
                {
                    for (int place = (h * g.Width) + left; place < (h * g.Width) + right; place++)
                    {
                        if (source[place] > best)
                            (best, at) = (source[place], place);
                    }
                }

                *y++ = best;
                *places++ = at;
            }
        }
    }
}

/// <summary>
/// Gives each window's gradient to the place that the forward pass took; a window without a place keeps it to
/// itself. A row is one plane.
/// </summary>
/// <param name="planeSize">Elements of a plane.</param>
/// <param name="pooledSize">Windows of a plane.</param>
/// <param name="dy">Gradients of the windows.</param>
/// <param name="places">The places taken.</param>
/// <param name="dx">Gradients of the planes, overwritten.</param>
internal readonly unsafe struct PlaceScatter(int planeSize, int pooledSize, float* dy, int* places, float* dx)
    : IRowBody
{
    /// <summary>Does some planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* target = dx + ((long)plane * planeSize);
            float* source = dy + ((long)plane * pooledSize);
            int* at = places + ((long)plane * pooledSize);
            new Span<float>(target, planeSize).Clear();
            for (int i = 0; i < pooledSize; i++)
            {
                if ((uint)at[i] < (uint)planeSize)
                    target[at[i]] += source[i];
            }
        }
    }
}
