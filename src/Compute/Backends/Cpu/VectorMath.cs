using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Elementary functions of sixteen floats at a time, within 2.5 units in the last place of the exact value over the
/// whole range (denormals included) and with the limits of <see cref="Math"/>: NaN gives NaN, infinities their limit.
/// Fused operations only, so every processor gives the same bits.
/// </summary>
public static class VectorMath
{
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts: the second is what the first, a float, lacks.
    private const float Ln2High = 0.693147182f, Ln2Low = -1.90465430e-9f;

    // Adding it leaves a small float rounded to an integer in the low bits of the mantissa.
    private const float RoundingShift = 12582912f;

    /// <summary>e^x: 0 below -103.98, infinity above 88.73.</summary>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        // Where x is NaN these comparisons choose x.
        x = Vector512.MaxNative(Vector512.Create(-104f), Vector512.MinNative(Vector512.Create(89f), x));
        (Vector512<float> p, Vector512<int> n) = ExpMinusOne(x);
        // 2^n in two factors: one alone cannot make a denormal, nor 2^128.
        Vector512<int> half = n >> 1;
        return (p + Vector512<float>.One) * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    /// <summary>ln x: minus infinity at 0, NaN below it.</summary>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> x)
    {
        Vector512<float> denormal = Vector512.LessThan(x, Vector512.Create(1.17549435e-38f));
        Vector512<int> bits = Vector512.ConditionalSelect(denormal, x * 8388608f, x).AsInt32();
        // x = 2^k * m, m in [sqrt(1/2), sqrt(2)).
        Vector512<int> k = (bits - Vector512.Create(0.707106781f).AsInt32()) >> 23;
        Vector512<float> f = (bits - (k << 23)).AsSingle() - Vector512<float>.One;
        k -= denormal.AsInt32() & Vector512.Create(23);
        Vector512<float> exponent = Vector512.ConvertToSingle(k);

        // ln(1 + f) = 2 artanh s, s = f / (2 + f); 2 s = f - s f; z = s^2 < 0.0295.
        Vector512<float> s = f / (f + Vector512.Create(2f));
        Vector512<float> z = s * s;
        Vector512<float> r = Vector512.Create(2f / 9);
        r = Vector512.FusedMultiplyAdd(r, z, Vector512.Create(2f / 7));
        r = Vector512.FusedMultiplyAdd(r, z, Vector512.Create(2f / 5));
        r = Vector512.FusedMultiplyAdd(r, z, Vector512.Create(2f / 3));
        Vector512<float> rest = Vector512.FusedMultiplyAdd(
            exponent, Vector512.Create(Ln2Low), -(s * Vector512.FusedMultiplyAdd(-r, z, f)));
        Vector512<float> y = Vector512.FusedMultiplyAdd(exponent, Vector512.Create(Ln2High), f + rest);

        y = Vector512.ConditionalSelect(
            Vector512.LessThan(x, Vector512.Create(float.PositiveInfinity)), y, x);
        y = Vector512.ConditionalSelect(
            Vector512.Equals(x, Vector512<float>.Zero), Vector512.Create(float.NegativeInfinity), y);
        return Vector512.ConditionalSelect(
            Vector512.LessThan(x, Vector512<float>.Zero), Vector512.Create(float.NaN), y);
    }

    /// <summary>The hyperbolic tangent.</summary>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Tanh(Vector512<float> x)
    {
        // tanh |x| = t / (t + 2), t = e^(2 |x|) - 1; 1 in floats from 9.1 on.
        Vector512<float> magnitude = Vector512.MinNative(Vector512.Create(10f), Vector512.Abs(x));
        (Vector512<float> p, Vector512<int> n) = ExpMinusOne(magnitude + magnitude);
        Vector512<float> power = PowerOfTwo(n);
        Vector512<float> t = Vector512.FusedMultiplyAdd(power, p, power - Vector512<float>.One);
        return Vector512.CopySign(t / (t + Vector512.Create(2f)), x);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x)
    {
        // By e^-|x|, which is at most 1: with e^-x very negative arguments would give 0.
        Vector512<float> e = Exp(-Vector512.Abs(x));
        Vector512<float> negative = Vector512.LessThan(x, Vector512<float>.Zero);
        return Vector512.ConditionalSelect(negative, e, Vector512<float>.One) / (e + Vector512<float>.One);
    }

    /// <summary>The sign: -1, 0 or 1; of NaN 0.</summary>
    /// <param name="x">Any values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sign(Vector512<float> x) =>
        (Vector512.GreaterThan(x, Vector512<float>.Zero) & Vector512<float>.One)
        - (Vector512.LessThan(x, Vector512<float>.Zero) & Vector512<float>.One);

    /// <summary>The sum of the lanes, always added in the same order.</summary>
    /// <param name="x">The lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumLanes(Vector512<float> x)
    {
        Vector256<float> eight = x.GetLower() + x.GetUpper();
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    /// <summary>The greatest lane; NaN if there is one.</summary>
    /// <param name="x">The lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Vector512<float> x)
    {
        Vector256<float> eight = Vector256.Max(x.GetLower(), x.GetUpper());
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[2]), MathF.Max(four[1], four[3]));
    }

    // e^x = 2^n * (1 + p), |x - n ln 2| <= ln 2 / 2: p is accurate also where it is tiny. Taylor's series to r^7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> P, Vector512<int> N) ExpMinusOne(Vector512<float> x)
    {
        Vector512<float> shift = Vector512.Create(RoundingShift);
        Vector512<float> shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2E), shift);
        Vector512<float> n = shifted - shift;
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2High), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-Ln2Low), r);
        Vector512<float> q = Vector512.Create(1f / 5040);
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(1f / 720));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(1f / 120));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(1f / 24));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(1f / 6));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(1f / 2));
        return (Vector512.FusedMultiplyAdd(r * r, q, r), shifted.AsInt32() - shift.AsInt32());
    }

    // 2^n for n in [-126, 127].
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> PowerOfTwo(Vector512<int> n) => ((n + Vector512.Create(127)) << 23).AsSingle();
}
