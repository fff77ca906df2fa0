using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>F(4, 3): 36 products instead of 144 for each tile.</summary>
internal readonly unsafe struct Winograd4x3 : IWinograd
{
    /// <inheritdoc/>
    public static int Outputs => 4;

    /// <inheritdoc/>
    public static int Taps => 3;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Filter(float* from, nint step, float* to, nint toStep)
    {
        Vector512<float> g0 = Vector512.Load(from), g1 = Vector512.Load(from + step);
        Vector512<float> g2 = Vector512.Load(from + (2 * step));
        Vector512<float> even = (g0 + g2) * (-1f / 6), odd = g1 * (-1f / 6);
        Vector512<float> even2 = Vector512.MultiplyAddEstimate(g2, Vector512.Create(1f / 6), g0 * (1f / 24));
        Vector512<float> odd2 = g1 * (1f / 12);
        (g0 * 0.25f).Store(to);
        (even + odd).Store(to + toStep);
        (even - odd).Store(to + (2 * toStep));
        (even2 + odd2).Store(to + (3 * toStep));
        (even2 - odd2).Store(to + (4 * toStep));
        g2.Store(to + (5 * toStep));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(float* from, nint step, float* to, nint toStep)
    {
        Vector512<float> m1 = Vector512.Load(from + step), m2 = Vector512.Load(from + (2 * step));
        Vector512<float> m3 = Vector512.Load(from + (3 * step)), m4 = Vector512.Load(from + (4 * step));
        Vector512<float> even = m1 + m2, odd = m1 - m2, even2 = m3 + m4, odd2 = m3 - m4;
        (Vector512.Load(from) + even + even2).Store(to);
        Vector512.MultiplyAddEstimate(odd2, Vector512.Create(2f), odd).Store(to + toStep);
        Vector512.MultiplyAddEstimate(even2, Vector512.Create(4f), even).Store(to + (2 * toStep));
        Vector512<float> last = odd + Vector512.Load(from + (5 * step));
        Vector512.MultiplyAddEstimate(odd2, Vector512.Create(8f), last).Store(to + (3 * toStep));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OutputGradient(float* from, nint step, float* to, nint toStep)
    {
        Vector512<float> d0 = Vector512.Load(from), d1 = Vector512.Load(from + step);
        Vector512<float> d2 = Vector512.Load(from + (2 * step)), d3 = Vector512.Load(from + (3 * step));
        Vector512<float> even = d0 + d2, odd = d1 + d3;
        Vector512<float> even2 = Vector512.MultiplyAddEstimate(d2, Vector512.Create(4f), d0);
        Vector512<float> odd2 = Vector512.MultiplyAddEstimate(d3, Vector512.Create(8f), d1 + d1);
        d0.Store(to);
        (even + odd).Store(to + toStep);
        (even - odd).Store(to + (2 * toStep));
        (even2 + odd2).Store(to + (3 * toStep));
        (even2 - odd2).Store(to + (4 * toStep));
        d3.Store(to + (5 * toStep));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FilterGradient(float* from, nint step, float* to, nint toStep)
    {
        Vector512<float> u1 = Vector512.Load(from + step), u2 = Vector512.Load(from + (2 * step));
        Vector512<float> u3 = Vector512.Load(from + (3 * step)), u4 = Vector512.Load(from + (4 * step));
        Vector512<float> even = (u1 + u2) * (-1f / 6), odd = (u1 - u2) * (-1f / 6);
        Vector512<float> even2 = (u3 + u4) * (1f / 24), odd2 = (u3 - u4) * (1f / 12);
        Vector512.MultiplyAddEstimate(Vector512.Load(from), Vector512.Create(0.25f), even + even2).Store(to);
        (odd + odd2).Store(to + toStep);
        Vector512.MultiplyAddEstimate(even2, Vector512.Create(4f), even + Vector512.Load(from + (5 * step)))
            .Store(to + (2 * toStep));
    }
}
