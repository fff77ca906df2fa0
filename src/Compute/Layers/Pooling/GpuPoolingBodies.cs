using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Random;
using ILGPU;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary><see cref="MaxPooling"/> on an accelerator: a thread for each window. Places are kept as the bits of whole
/// numbers.</summary>
internal readonly struct GpuMaximum(GpuWindows windows, Values x, Values y, Values places, Values mask, int hasMask)
    : IGpuBody
{
    public void Invoke(int i)
    {
        int plane = windows.Pooled.Quotient(i), number = windows.Pooled.Rest(i, plane);
        int source = plane * windows.Places.Divisor, target = windows.ResultsOf(plane) + number, at = -1;
        GpuWindow box = windows.Window(number);
        float best = float.MinValue;
        for (int member = box.From; member < box.To; member++)
        {
            for (int h = box.Top; h < box.Bottom; h++)
            {
                int row = windows.SliceOffset(member) + (h * windows.Width);
                for (int w = box.Left; w < box.Right; w++)
                {
                    // Conditional expressions keep NaN out; a statement's condition would be turned round.
                    float value = x[source + row + w];
                    at = value > best ? row + w : at;
                    best = value > best ? value : best;
                }
            }
        }

        y.Set(target, best);
        places.Set(target, Interop.IntAsFloat((uint)at));
        if (hasMask != 0)
            mask.Set(target, at);
    }
}

/// <summary><see cref="StochasticDraw"/> on an accelerator: a thread for each window.</summary>
/// <param name="windows">Where the windows lie.</param>
/// <param name="x">The planes.</param>
/// <param name="first">Where the first plane begins.</param>
/// <param name="y">The elements drawn.</param>
/// <param name="places">Their places.</param>
/// <param name="draw">Where they are drawn from, by the window's number.</param>
internal readonly struct GpuDraw(GpuWindows windows, Values x, int first, Values y, Values places, RandomDraw draw)
    : IGpuBody
{
    public void Invoke(int i)
    {
        int plane = windows.Pooled.Quotient(i), number = windows.Pooled.Rest(i, plane);
        int source = first + (plane * windows.Places.Divisor), target = windows.ResultsOf(plane) + number;
        GpuWindow box = windows.Window(number);
        float sum = 0;
        for (int member = box.From; member < box.To; member++)
        {
            for (int h = box.Top; h < box.Bottom; h++)
            {
                int row = source + windows.SliceOffset(member) + (h * windows.Width);
                for (int w = box.Left; w < box.Right; w++)
                    sum += x[row + w];
            }
        }

        (uint x0, uint x1, uint x2, uint x3) = draw.Quad((uint)i >> 2);
        uint word = (i & 2) == 0 ? (i & 1) == 0 ? x0 : x1 : (i & 1) == 0 ? x2 : x3;
        float threshold = (((int)(word >> 8) * (1f / 16777216f)) + (1f / 16777216f)) * sum, running = 0, taken = 0;
        int at = -1, isFound = 0;
        for (int member = box.From; member < box.To; member++)
        {
            for (int h = box.Top; h < box.Bottom; h++)
            {
                int row = windows.SliceOffset(member) + (h * windows.Width);
                for (int w = box.Left; w < box.Right; w++)
                {
                    if (isFound != 0)
                        continue;
                    taken = x[source + row + w];
                    running += taken;
                    at = row + w;
                    isFound = running >= threshold ? 1 : 0;
                }
            }
        }

        y.Set(target, taken);
        places.Set(target, Interop.IntAsFloat((uint)at));
    }
}

/// <summary>Each place's gradient: the sum of those of the windows that took it.</summary>
internal readonly struct GpuTaken(GpuWindows windows, Values dy, Values places, Values dx, int add) : IGpuBody
{
    public void Invoke(int i)
    {
        int plane = windows.Places.Quotient(i), place = windows.Places.Rest(i, plane);
        int source = windows.ResultsOf(plane);
        GpuWindow box = windows.Around(place);
        float sum = 0;
        for (int member = box.From; member < box.To; member++)
        {
            for (int h = box.Top; h < box.Bottom; h++)
            {
                int row = source + windows.RowOfWindows(member, h);
                for (int w = box.Left; w < box.Right; w++)
                {
                    if ((int)Interop.FloatAsInt(places[row + w]) == place)
                        sum += dy[row + w];
                }
            }
        }

        dx.Set(i, add != 0 ? dx[i] + sum : sum);
    }
}

/// <summary><see cref="AveragePooling"/> on an accelerator: a thread for each window.</summary>
internal readonly struct GpuAverage(GpuWindows windows, Values x, Values y) : IGpuBody
{
    public void Invoke(int i)
    {
        int plane = windows.Pooled.Quotient(i), number = windows.Pooled.Rest(i, plane);
        int source = plane * windows.Places.Divisor;
        GpuWindow box = windows.Window(number);
        float sum = 0;
        for (int member = box.From; member < box.To; member++)
        {
            for (int h = box.Top; h < box.Bottom; h++)
            {
                int row = source + windows.SliceOffset(member) + (h * windows.Width);
                for (int w = box.Left; w < box.Right; w++)
                    sum += x[row + w];
            }
        }

        y.Set(windows.ResultsOf(plane) + number, sum / box.Divisor);
    }
}

/// <summary>Each place's gradient: the sum of those of the windows around it, over their divisors.</summary>
internal readonly struct GpuAverageGradient(GpuWindows windows, Values dy, Values dx, int add) : IGpuBody
{
    public void Invoke(int i)
    {
        int plane = windows.Places.Quotient(i), source = windows.ResultsOf(plane);
        GpuWindow box = windows.Around(windows.Places.Rest(i, plane));
        float sum = 0;
        for (int member = box.From; member < box.To; member++)
        {
            for (int h = box.Top; h < box.Bottom; h++)
            {
                int row = windows.RowOfWindows(member, h);
                for (int w = box.Left; w < box.Right; w++)
                    sum += dy[source + row + w] / windows.Window(row + w).Divisor;
            }
        }

        dx.Set(i, add != 0 ? dx[i] + sum : sum);
    }
}

/// <summary><see cref="StochasticMean"/> on an accelerator: a thread for each window.</summary>
internal readonly struct GpuMean(GpuWindows windows, Values x, Values y) : IGpuBody
{
    public void Invoke(int i)
    {
        int plane = windows.Pooled.Quotient(i), number = windows.Pooled.Rest(i, plane);
        int source = plane * windows.Places.Divisor;
        GpuWindow box = windows.Window(number);
        float sum = 0, squares = 0;
        for (int member = box.From; member < box.To; member++)
        {
            for (int h = box.Top; h < box.Bottom; h++)
            {
                int row = source + windows.SliceOffset(member) + (h * windows.Width);
                for (int w = box.Left; w < box.Right; w++)
                {
                    float value = x[row + w];
                    sum += value;
                    squares += value * value;
                }
            }
        }

        y.Set(windows.ResultsOf(plane) + number, sum > 0 ? squares / sum : 0);
    }
}

/// <summary>The gradient of <see cref="GpuMean"/>: each place adds up its windows', whose sums it makes anew.</summary>
internal readonly struct GpuMeanGradient(GpuWindows windows, Values x, Values dy, Values dx, int add) : IGpuBody
{
    public void Invoke(int i)
    {
        int plane = windows.Places.Quotient(i), source = windows.ResultsOf(plane);
        GpuWindow box = windows.Around(windows.Places.Rest(i, plane));
        float own = x[i], result = 0;
        for (int member = box.From; member < box.To; member++)
        {
            for (int h = box.Top; h < box.Bottom; h++)
            {
                int row = windows.RowOfWindows(member, h);
                for (int w = box.Left; w < box.Right; w++)
                    result += Share(plane, row + w, own, dy[source + row + w]);
            }
        }

        dx.Set(i, add != 0 ? dx[i] + result : result);
    }

    private float Share(int plane, int window, float own, float gradient)
    {
        int source = plane * windows.Places.Divisor;
        GpuWindow box = windows.Window(window);
        float sum = 0, squares = 0;
        for (int member = box.From; member < box.To; member++)
        {
            for (int h = box.Top; h < box.Bottom; h++)
            {
                int row = source + windows.SliceOffset(member) + (h * windows.Width);
                for (int w = box.Left; w < box.Right; w++)
                {
                    float value = x[row + w];
                    sum += value;
                    squares += value * value;
                }
            }
        }

        return sum > 0 ? gradient * ((2 * own) - (squares / sum)) / sum : 0;
    }
}
