using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>F(2, 5): 36 products instead of 100 for each tile.</summary>
internal readonly unsafe struct Winograd2x5 : IWinograd
{
    /// <inheritdoc/>
    public static int Outputs => 2;

    /// <inheritdoc/>
    public static int Taps => 5;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Filter(float* from, nint step, float* to, nint toStep)
    {
        Vector512<float> g0 = Vector512.Load(from), g1 = Vector512.Load(from + step);
        Vector512<float> g2 = Vector512.Load(from + (2 * step)), g3 = Vector512.Load(from + (3 * step));
        Vector512<float> g4 = Vector512.Load(from + (4 * step));
        Vector512<float> even = (g0 + g2 + g4) * (-1f / 6), odd = (g1 + g3) * (-1f / 6);
        Vector512<float> even2 = Vector512.MultiplyAddEstimate(
            g4, Vector512.Create(2f / 3), Vector512.MultiplyAddEstimate(g2, Vector512.Create(1f / 6), g0 * (1f / 24)));
        Vector512<float> odd2 = Vector512.MultiplyAddEstimate(g3, Vector512.Create(1f / 3), g1 * (1f / 12));
        (g0 * 0.25f).Store(to);
        (even + odd).Store(to + toStep);
        (even - odd).Store(to + (2 * toStep));
        (even2 + odd2).Store(to + (3 * toStep));
        (even2 - odd2).Store(to + (4 * toStep));
        g4.Store(to + (5 * toStep));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(float* from, nint step, float* to, nint toStep)
    {
        Vector512<float> m1 = Vector512.Load(from + step), m2 = Vector512.Load(from + (2 * step));
        Vector512<float> m3 = Vector512.Load(from + (3 * step)), m4 = Vector512.Load(from + (4 * step));
        (Vector512.Load(from) + (m1 + m2) + (m3 + m4)).Store(to);
        Vector512.MultiplyAddEstimate(m3 - m4, Vector512.Create(2f), m1 - m2 + Vector512.Load(from + (5 * step)))
            .Store(to + toStep);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OutputGradient(float* from, nint step, float* to, nint toStep)
    {
        Vector512<float> d0 = Vector512.Load(from), d1 = Vector512.Load(from + step), twice = d1 + d1;
        d0.Store(to);
        (d0 + d1).Store(to + toStep);
        (d0 - d1).Store(to + (2 * toStep));
        (d0 + twice).Store(to + (3 * toStep));
        (d0 - twice).Store(to + (4 * toStep));
        d1.Store(to + (5 * toStep));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FilterGradient(float* from, nint step, float* to, nint toStep)
    {
        Vector512<float> u1 = Vector512.Load(from + step), u2 = Vector512.Load(from + (2 * step));
        Vector512<float> u3 = Vector512.Load(from + (3 * step)), u4 = Vector512.Load(from + (4 * step));
        Vector512<float> even = (u1 + u2) * (-1f / 6), odd = (u1 - u2) * (-1f / 6);
        Vector512<float> even2 = (u3 + u4) * (1f / 24), odd2 = (u3 - u4) * (1f / 12);
        Vector512<float> four = Vector512.Create(4f);
        Vector512.MultiplyAddEstimate(Vector512.Load(from), Vector512.Create(0.25f), even + even2).Store(to);
        (odd + odd2).Store(to + toStep);
        Vector512.MultiplyAddEstimate(even2, four, even).Store(to + (2 * toStep));
        Vector512.MultiplyAddEstimate(odd2, four, odd).Store(to + (3 * toStep));
        Vector512.MultiplyAddEstimate(even2, Vector512.Create(16f), even + Vector512.Load(from + (5 * step)))
            .Store(to + (4 * toStep));
    }
}
