using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>Sums over arrays of floats, in double precision and in an order that the length alone decides.</summary>
public static class VectorSums
{
    private interface ITerm
    {
        static abstract Vector512<double> Of(Vector512<double> x);
    }

    /// <summary>The sum of the absolute values.</summary>
    /// <param name="values">Any number of values.</param>
    public static double Absolute(ReadOnlySpan<float> values) => Sum<AbsoluteTerm>(values);

    /// <summary>The sum of the squares.</summary>
    /// <param name="values">Any number of values.</param>
    public static double Squares(ReadOnlySpan<float> values) => Sum<SquareTerm>(values);

    // Four registers of sums: an addition waits for the one before it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Sum<TTerm>(ReadOnlySpan<float> values)
        where TTerm : struct, ITerm
    {
        Vector512<double> a = default, b = default, c = default, d = default;
        while (values.Length >= 32)
        {
            (Vector512<double> x0, Vector512<double> x1) = Vector512.Widen(Vector512.Create(values));
            (Vector512<double> x2, Vector512<double> x3) = Vector512.Widen(Vector512.Create(values[16..]));
            a += TTerm.Of(x0);
            b += TTerm.Of(x1);
            c += TTerm.Of(x2);
            d += TTerm.Of(x3);
            values = values[32..];
        }

        a = a + b + (c + d);
        double sum = 0;
        for (int lane = 0; lane < Vector512<double>.Count; lane++)
            sum += a[lane];
        foreach (float value in values)
            sum += TTerm.Of(Vector512.CreateScalar((double)value))[0];
        return sum;
    }

    private readonly struct AbsoluteTerm : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<double> Of(Vector512<double> x) => Vector512.Abs(x);
    }

    private readonly struct SquareTerm : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<double> Of(Vector512<double> x) => x * x;
    }
}
