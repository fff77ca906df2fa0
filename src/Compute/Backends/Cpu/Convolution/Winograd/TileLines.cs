using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>B transposed: 6 inputs to 6, the same for all m.</summary>
internal readonly unsafe struct InputLine : ITileLine
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* from, nint step, float* to, nint toStep)
    {
        Vector512<float> d1 = Vector512.Load(from + step), d2 = Vector512.Load(from + (2 * step));
        Vector512<float> d3 = Vector512.Load(from + (3 * step)), d4 = Vector512.Load(from + (4 * step));
        Vector512<float> minus4 = Vector512.Create(-4f), minus5 = Vector512.Create(-5f), four = Vector512.Create(4f);
        Vector512<float> even = Vector512.MultiplyAddEstimate(d2, minus4, d4);
        Vector512<float> odd = Vector512.MultiplyAddEstimate(d1, minus4, d3);
        Vector512<float> even2 = d4 - d2, odd2 = d3 - d1;
        odd2 += odd2;
        Vector512<float> first = Vector512.MultiplyAddEstimate(d2, minus5, d4);
        Vector512.MultiplyAddEstimate(Vector512.Load(from), four, first).Store(to);
        (even + odd).Store(to + toStep);
        (even - odd).Store(to + (2 * toStep));
        (even2 + odd2).Store(to + (3 * toStep));
        (even2 - odd2).Store(to + (4 * toStep));
        Vector512<float> last = Vector512.MultiplyAddEstimate(d3, minus5, Vector512.Load(from + (5 * step)));
        Vector512.MultiplyAddEstimate(d1, four, last).Store(to + (5 * toStep));
    }
}

/// <summary>A: the m output gradients of a tile to 6.</summary>
internal readonly unsafe struct GradientLine<TKind> : ITileLine
    where TKind : struct, IWinograd
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* from, nint step, float* to, nint toStep) =>
        TKind.OutputGradient(from, step, to, toStep);
}
