using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Random;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// One element of each window, drawn with a probability proportional to its value (Zeiler, Fergus: Stochastic
/// pooling for regularization of deep convolutional neural networks, 2013): with r uniform in (0, 1] the first one,
/// row by row, at which the running sum reaches r times the window's sum. Where none does (negative values, NaN) it
/// is the window's last element; a window wholly outside gives 0 and the place -1. A row is one plane.
/// </summary>
/// <param name="geometry">Where the windows lie on a slice.</param>
/// <param name="outer">Which slices of a plane belong to each window.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The elements drawn.</param>
/// <param name="places">Their places on their planes.</param>
/// <param name="draw">Where r comes from: the window's position in <paramref name="y"/>.</param>
internal readonly unsafe struct StochasticDraw(
    PoolingGeometry geometry, OuterWindows outer, float* x, float* y, int* places, RandomDraw draw) : IRowBody
{
    /// <summary>Does some planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        PoolingGeometry g = geometry;
        int windows = g.PooledSize * outer.Count;
        for (int plane = from; plane < to; plane++)
        {
            float* source = x + ((long)plane * g.PlaneSize * outer.Slices);
            for (int i = 0, window = plane * windows; i < windows; i++, window++)
            {
                (int slices, int place) = Math.DivRem(i, g.PooledSize);
                // 2^-24 takes [0, 1) to (0, 1]: a cell of value 0 is not drawn unless all are 0.
                float r = draw.Float((uint)window) + (1f / 16777216f);
                places[window] = Draw(g, outer.MembersOf(slices), source, place, r);
                y[window] = places[window] < 0 ? 0 : source[places[window]];
            }
        }
    }

    private static int Draw(in PoolingGeometry g, ReadOnlySpan<int> slices, float* source, int window, float r)
    {
        (int ph, int pw) = Math.DivRem(window, g.PooledWidth);
        (int top, int bottom) = g.RowsOf(ph);
        (int left, int right) = g.ColumnsOf(pw);
        float sum = 0;
        foreach (int slice in slices)
        {
            for (int h = top; h < bottom; h++)
            {
                for (int w = left; w < right; w++)
                    sum += source[(((slice * g.Height) + h) * g.Width) + w];
            }
        }

        float threshold = r * sum, running = 0;
        int place = -1;
        foreach (int slice in slices)
        {
            for (int h = top; h < bottom; h++)
            {
                for (int w = left; w < right; w++)
                {
                    place = (((slice * g.Height) + h) * g.Width) + w;
                    running += source[place];
                    if (running >= threshold)
                        return place;
                }
            }
        }

        return place;
    }
}

/// <summary>
/// What <see cref="StochasticDraw"/> gives on average: y = sum(x^2) / sum(x) of each window where sum(x) > 0, else 0;
/// dx = dy * (2 x - y) / sum(x). A row is one plane.
/// </summary>
/// <param name="geometry">Where the windows lie on a slice.</param>
/// <param name="outer">Which slices of a plane belong to each window.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The averages; written where <paramref name="dx"/> is null.</param>
/// <param name="dy">Gradients of the windows.</param>
/// <param name="dx">Gradients of the planes, overwritten; null for the forward pass.</param>
internal readonly unsafe struct StochasticMean(
    PoolingGeometry geometry, OuterWindows outer, float* x, float* y, float* dy, float* dx) : IRowBody
{
    /// <summary>Does some planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        PoolingGeometry g = geometry;
        int windows = g.PooledSize * outer.Count;
        for (int plane = from; plane < to; plane++)
        {
            int planeSize = g.PlaneSize * outer.Slices;
            long offset = (long)plane * planeSize;
            if (dx is not null)
                new Span<float>(dx + offset, planeSize).Clear();
            for (int i = 0, window = plane * windows; i < windows; i++, window++)
            {
                (int slices, int place) = Math.DivRem(i, g.PooledSize);
                if (dx is null)
                    y[window] = Mean(g, outer.MembersOf(slices), x + offset, place, out _);
                else
                    Spread(g, outer.MembersOf(slices), x + offset, dx + offset, place, dy[window]);
            }
        }
    }

    private static float Mean(
        in PoolingGeometry g, ReadOnlySpan<int> slices, float* source, int window, out float sum)
    {
        (int ph, int pw) = Math.DivRem(window, g.PooledWidth);
        (int top, int bottom) = g.RowsOf(ph);
        (int left, int right) = g.ColumnsOf(pw);
        float squares = 0;
        sum = 0;
        foreach (int slice in slices)
        {
            for (int h = top; h < bottom; h++)
            {
                for (int w = left; w < right; w++)
                {
                    float value = source[(((slice * g.Height) + h) * g.Width) + w];
                    sum += value;
                    squares += value * value;
                }
            }
        }

        return sum > 0 ? squares / sum : 0;
    }

    private static void Spread(
        in PoolingGeometry g, ReadOnlySpan<int> slices, float* source, float* target, int window, float gradient)
    {
        float mean = Mean(g, slices, source, window, out float sum);
        if (!(sum > 0))
            return;
        (int ph, int pw) = Math.DivRem(window, g.PooledWidth);
        (int top, int bottom) = g.RowsOf(ph);
        (int left, int right) = g.ColumnsOf(pw);
        foreach (int slice in slices)
        {
            for (int h = top; h < bottom; h++)
            {
                int row = ((slice * g.Height) + h) * g.Width;
                for (int place = row + left; place < row + right; place++)
                    target[place] += gradient * ((2 * source[place]) - mean) / sum;
            }
        }
    }
}
