using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>One spatial axis of a pooling. Window i begins at i * stride - pad and may hang over the ends.</summary>
/// <param name="Length">Length of the bottom.</param>
/// <param name="Pooled">Number of windows.</param>
/// <param name="Kernel">Length of a window.</param>
/// <param name="Stride">From a window to the next.</param>
/// <param name="Pad">How far the first window may begin before the axis.</param>
public readonly record struct PoolingAxis(int Length, int Pooled, int Kernel, int Stride, int Pad)
{
    /// <summary>
    /// The number of windows: (length + 2 pad - kernel) / stride, rounded, + 1; less than 1 where none fits.
    /// </summary>
    /// <param name="length">Length of the axis.</param>
    /// <param name="kernel">Length of a window.</param>
    /// <param name="stride">From a window to the next.</param>
    /// <param name="pad">Padding of this axis.</param>
    /// <param name="isPadded">Whether any axis is padded: then a last window that begins beyond length + pad is left
    /// out.</param>
    /// <param name="mode">How to round.</param>
    public static int PooledLength(int length, int kernel, int stride, int pad, bool isPadded, RoundMode mode)
    {
        if (length == 0)
            return 0;
        // In single precision, as Caffe divides.
        float steps = (float)(length + (2 * pad) - kernel) / stride;
        int pooled = (int)(mode == RoundMode.Floor ? MathF.Floor(steps) : MathF.Ceiling(steps)) + 1;
        if (isPadded && (pooled - 1L) * stride >= length + pad)
            pooled--;
        return isPadded && (pooled - 1L) * stride >= length + pad ? 0 : pooled;
    }

    /// <summary>The places [Start, End) of a window that lie on the axis; none where Start is not below End.</summary>
    public (int Start, int End) RangeOf(int window)
    {
        long start = ((long)window * Stride) - Pad;
        return ((int)Math.Clamp(start, 0, Length), (int)Math.Clamp(start + Kernel, 0, Length));
    }

    /// <summary>
    /// The places by which an average divides: padding counts, what lies beyond it does not. 1 for a window wholly
    /// outside, whose sum is 0.
    /// </summary>
    public int DivisorOf(int window)
    {
        long start = ((long)window * Stride) - Pad;
        return (int)Math.Max(1, Math.Min(start + Kernel, (long)Length + Pad) - start);
    }
}
