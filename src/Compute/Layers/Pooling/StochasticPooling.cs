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
/// <param name="geometry">Where the windows lie.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The elements drawn.</param>
/// <param name="places">Their places on their planes.</param>
/// <param name="draw">Where r comes from: the window's position in <paramref name="y"/>.</param>
internal readonly unsafe struct StochasticDraw(
    PoolingGeometry geometry, float* x, float* y, int* places, RandomDraw draw) : IRowBody
{
    /// <summary>Does some planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        PoolingGeometry g = geometry;
        for (int plane = from; plane < to; plane++)
        {
            float* source = x + ((long)plane * g.PlaneSize);
            int window = plane * g.PooledSize;
            for (int ph = 0; ph < g.PooledHeight; ph++)
            {
                for (int pw = 0; pw < g.PooledWidth; pw++, window++)
                {
                    // 2^-24 takes [0, 1) to (0, 1]: a cell of value 0 is not drawn unless all are 0.
                    float r = draw.Float((uint)window) + (1f / 16777216f);
                    int place = Draw(g, source, ph, pw, r);
                    places[window] = place;
                    y[window] = place < 0 ? 0 : source[place];
                }
            }
        }
    }

    private static int Draw(in PoolingGeometry g, float* source, int ph, int pw, float r)
    {
        (int top, int bottom) = g.RowsOf(ph);
        (int left, int right) = g.ColumnsOf(pw);
        float sum = 0;
        for (int h = top; h < bottom; h++)
        {
            for (int w = left; w < right; w++)
                sum += source[(h * g.Width) + w];
        }

        float threshold = r * sum, running = 0;
        int place = -1;
        for (int h = top; h < bottom; h++)
        {
            for (int w = left; w < right; w++)
            {
                place = (h * g.Width) + w;
                running += source[place];
                if (running >= threshold)
                    return place;
            }
        }

        return place;
    }
}

/// <summary>
/// What <see cref="StochasticDraw"/> gives on average: y = sum(x^2) / sum(x) of each window where sum(x) > 0, else 0;
/// dx = dy * (2 x - y) / sum(x). A row is one plane.
/// </summary>
/// <param name="geometry">Where the windows lie.</param>
/// <param name="x">The planes.</param>
/// <param name="y">The averages; written where <paramref name="dx"/> is null.</param>
/// <param name="dy">Gradients of the windows.</param>
/// <param name="dx">Gradients of the planes, overwritten; null for the forward pass.</param>
internal readonly unsafe struct StochasticMean(
    PoolingGeometry geometry, float* x, float* y, float* dy, float* dx) : IRowBody
{
    /// <summary>Does some planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke(int from, int to, int worker)
    {
        PoolingGeometry g = geometry;
        for (int plane = from; plane < to; plane++)
        {
            long offset = (long)plane * g.PlaneSize;
            int window = plane * g.PooledSize;
            if (dx is not null)
                new Span<float>(dx + offset, g.PlaneSize).Clear();
            for (int ph = 0; ph < g.PooledHeight; ph++)
            {
                for (int pw = 0; pw < g.PooledWidth; pw++, window++)
                {
                    if (dx is null)
                        y[window] = Mean(g, x + offset, ph, pw, out _);
                    else
                        Spread(g, x + offset, dx + offset, ph, pw, dy[window]);
                }
            }
        }
    }

    private static float Mean(in PoolingGeometry g, float* source, int ph, int pw, out float sum)
    {
        (int top, int bottom) = g.RowsOf(ph);
        (int left, int right) = g.ColumnsOf(pw);
        float squares = 0;
        sum = 0;
        for (int h = top; h < bottom; h++)
        {
            for (int w = left; w < right; w++)
            {
                float value = source[(h * g.Width) + w];
                sum += value;
                squares += value * value;
            }
        }

        return sum > 0 ? squares / sum : 0;
    }

    private static void Spread(in PoolingGeometry g, float* source, float* target, int ph, int pw, float gradient)
    {
        float mean = Mean(g, source, ph, pw, out float sum);
        if (!(sum > 0))
            return;
        (int top, int bottom) = g.RowsOf(ph);
        (int left, int right) = g.ColumnsOf(pw);
        for (int h = top; h < bottom; h++)
        {
            for (int place = (h * g.Width) + left; place < (h * g.Width) + right; place++)
                target[place] += gradient * ((2 * source[place]) - mean) / sum;
        }
    }
}
