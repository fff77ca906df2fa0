using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
    /// <summary>Does some planes.</summary>
    public void Invoke(int from, int to, int worker)
    {
        PoolingGeometry g = geometry;
        float* padded = null;
        int stride = g.Width;
        if (g.Regular)
        {
            // The kernels read two registers beyond a row's end; so the last plane too goes through the scratch copy.
            stride = (int)(g.SpanW + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
            padded = workspace.OfWorker(worker, 0, (g.SpanH * stride) + (3 * Lanes.Count) + g.KernelW);
            if (!g.Inside)
                FillBorder(g, padded, stride);
        }

        for (int plane = from; plane < to; plane++)
        {
            float* source = x + ((long)plane * g.PlaneSize);
            float* best = y + ((long)plane * g.PooledSize);
            int* at = places + ((long)plane * g.PooledSize);
            if (!g.Regular)
            {
                Scalar(g, source, best, at);
            }
            else if (g.Inside && plane + 1 < planes && g.PlaneSize >= 2 * (g.KernelW + (2 * Lanes.Count)))
            {
                Vector(g, source, g.Width, best, at);
            }
            else
            {
                CopyPlane(g, source, padded, stride);
                Vector(g, padded, stride, best, at);
            }

            if (mask is not null)
            {
                float* marks = mask + ((long)plane * g.PooledSize);
                for (int i = 0; i < g.PooledSize; i++)
                    marks[i] = at[i];
            }
        }
    }

    private static int RowsUsed(in PoolingGeometry g) => (int)Math.Min(g.Height, g.SpanH - g.PadH);

    private static int ColumnsUsed(in PoolingGeometry g) => (int)Math.Min(g.Width, g.SpanW - g.PadW);

    private static void FillBorder(in PoolingGeometry g, float* padded, int stride)
    {
        int bottom = g.PadH + RowsUsed(g), right = g.PadW + ColumnsUsed(g), end = (int)g.SpanH * stride;
        new Span<float>(padded, g.PadH * stride).Fill(float.MinValue);
        new Span<float>(padded + ((long)bottom * stride), end - (bottom * stride)).Fill(float.MinValue);
        for (float* row = padded + ((long)g.PadH * stride); row < padded + ((long)bottom * stride); row += stride)
        {
            new Span<float>(row, g.PadW).Fill(float.MinValue);
            new Span<float>(row + right, stride - right).Fill(float.MinValue);
        }
    }

    private static void CopyPlane(in PoolingGeometry g, float* source, float* padded, int stride)
    {
        int rows = RowsUsed(g), columns = ColumnsUsed(g);
        for (int h = 0; h < rows; h++)
        {
            new ReadOnlySpan<float>(source + ((long)h * g.Width), columns)
                .CopyTo(new Span<float>(padded + ((long)(h + g.PadH) * stride) + g.PadW, columns));
        }
    }

    // 16 windows of one row at a time. The source begins at the first window's corner.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Vector(in PoolingGeometry g, float* source, int stride, float* y, int* places)
    {
        int kernelH = g.KernelH, kernelW = g.KernelW, strideW = g.StrideW, pooledW = g.PooledWidth, width = g.Width;
        Vector512<int> step = Vector512<int>.Indices * strideW;
        for (int ph = 0; ph < g.PooledHeight; ph++)
        {
            float* top = source + ((long)ph * g.StrideH * stride);
            int corner = (((ph * g.StrideH) - g.PadH) * width) - g.PadW;
            for (int pw = 0; pw < pooledW; pw += Lanes.Count)
            {
                Vector512<float> best = Vector512.Create(float.MinValue);
                Vector512<int> at = Vector512<int>.AllBitsSet;
                float* row = top + (pw * strideW);
                Vector512<int> rowPlace = step + Vector512.Create(corner + (pw * strideW));
                for (int i = 0; i < kernelH; i++)
                {
                    Vector512<int> place = rowPlace;
                    if (strideW == 1)
                    {
                        for (int j = 0; j < kernelW; j++)
                        {
                            Take(Vector512.Load(row + j), place, ref best, ref at);
                            place += Vector512<int>.One;
                        }
                    }
                    else
                    {
                        for (int j = 0; j < kernelW; j += 2)
                        {
                            Lanes.Deinterleave(row + j, out Vector512<float> even, out Vector512<float> odd);
                            Take(even, place, ref best, ref at);
                            place += Vector512<int>.One;
                            if (j + 1 < kernelW)
                                Take(odd, place, ref best, ref at);
                            place += Vector512<int>.One;
                        }
                    }

                    row += stride;
                    rowPlace += Vector512.Create(width);
                }

                int count = pooledW - pw;
                Lanes.StoreFirst(y + pw, best, count);
                Lanes.StoreFirst((float*)(places + pw), at.AsSingle(), count);
            }

            y += pooledW;
            places += pooledW;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(
        Vector512<float> value, Vector512<int> place, ref Vector512<float> best, ref Vector512<int> at)
    {
        Vector512<float> greater = Vector512.GreaterThan(value, best);
        best = Vector512.ConditionalSelect(greater, value, best);
        at = Vector512.ConditionalSelect(greater.AsInt32(), place, at);
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
/// <param name="geometry">Where the windows lie.</param>
/// <param name="dy">Gradients of the windows.</param>
/// <param name="places">The places taken.</param>
/// <param name="dx">Gradients of the planes, overwritten.</param>
internal readonly unsafe struct PlaceScatter(PoolingGeometry geometry, float* dy, int* places, float* dx) : IRowBody
{
    /// <summary>Does some planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        int planeSize = geometry.PlaneSize, pooledSize = geometry.PooledSize;
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
