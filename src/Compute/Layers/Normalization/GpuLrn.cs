using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using ILGPU;
using ILGPU.Algorithms;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>
/// The window of a local response normalization, as kernels see it: some channels at one place, or some rows and columns
/// of one channel. Sums are made anew for each element, in one order, so that no rounding is carried along.
/// </summary>
/// <param name="channels">Channels of an image.</param>
/// <param name="height">Rows of a channel.</param>
/// <param name="width">Columns of a channel.</param>
/// <param name="halfChannels">Channels of a window before its middle, and after it.</param>
/// <param name="halfSide">Rows and columns of a window before its middle, and after it.</param>
/// <param name="k">What is added to the sum of squares.</param>
/// <param name="scale">The factor of that sum.</param>
/// <param name="beta">The exponent.</param>
internal readonly struct GpuLrnWindow(
    int channels, int height, int width, int halfChannels, int halfSide, float k, float scale, float beta)
{
    private readonly GpuDivisor _channels = new(channels), _height = new(height), _width = new(width);

    /// <summary>The sum over the window around an element.</summary>
    /// <param name="values">What is summed.</param>
    /// <param name="i">The element's number.</param>
    /// <param name="squared">1 to sum squares, 0 to sum the numbers themselves.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum(Values values, int i, int squared)
    {
        int line = _width.Quotient(i), column = _width.Rest(i, line), plane = _height.Quotient(line);
        int row = _height.Rest(line, plane), channel = _channels.Rest(plane, _channels.Quotient(plane));
        int firstChannel = IntrinsicMath.Max(0, channel - halfChannels) - channel;
        int lastChannel = IntrinsicMath.Min(channels - 1, channel + halfChannels) - channel;
        int top = IntrinsicMath.Max(0, row - halfSide) - row, bottom = IntrinsicMath.Min(height - 1, row + halfSide) - row;
        int left = IntrinsicMath.Max(0, column - halfSide) - column;
        int right = IntrinsicMath.Min(width - 1, column + halfSide) - column;
        float sum = 0;
        for (int c = firstChannel; c <= lastChannel; c++)
        {
            for (int h = top; h <= bottom; h++)
            {
                int at = i + (((c * height) + h) * width);
                for (int w = left; w <= right; w++)
                {
                    float value = values[at + w];
                    sum += squared != 0 ? value * value : value;
                }
            }
        }

        return sum;
    }

    /// <summary>k + scale * sum of x^2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Base(Values x, int i) => k + (scale * Sum(x, i, 1));

    /// <summary>s^-beta: NaN below 0, infinity at 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Power(float s)
    {
        if (beta != 0.75f)
            return s < 0 ? float.NaN : GpuMath.Exp(GpuMath.Log(s) * -beta);
        float root = XMath.Sqrt(s);
        return 1 / (root * XMath.Sqrt(root));
    }
}

/// <summary>y = x s^-beta.</summary>
internal readonly struct GpuLrnForward(GpuLrnWindow window, Values x, Values y) : IGpuBody
{
    public void Invoke(int i) => y.Set(i, x[i] * window.Power(window.Base(x, i)));
}

/// <summary>The first half of the gradient: passed = dy s^-beta and ratio = passed x / s.</summary>
internal readonly struct GpuLrnRatio(GpuLrnWindow window, Values x, Values dy, Values passed, Values ratio) : IGpuBody
{
    public void Invoke(int i)
    {
        float s = window.Base(x, i), value = dy[i] * window.Power(s);
        passed.Set(i, value);
        ratio.Set(i, value * x[i] / s);
    }
}

/// <summary>The second: dx = passed - factor * x * sum of ratio over the window.</summary>
internal readonly struct GpuLrnGradient(
    GpuLrnWindow window, Values x, Values passed, Values ratio, float factor, Values dx) : IGpuBody
{
    public void Invoke(int i) => dx.Set(i, passed[i] - (factor * x[i] * window.Sum(ratio, i, 0)));
}
