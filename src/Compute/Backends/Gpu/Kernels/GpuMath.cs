using System.Runtime.CompilerServices;
using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// Elementary functions for kernels, made of sums, products and quotients, by the methods of
/// <see cref="Cpu.VectorMath"/>: devices' own differ from each other and may be coarse. The error is below 3e-7 of the
/// value. NaN gives NaN.
/// </summary>
internal static class GpuMath
{
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts, the first with so few bits that a product with a small integer is exact.
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;

    // Adding it leaves a small float rounded to an integer in the low bits of the mantissa.
    private const float RoundingShift = 12582912f;

    /// <summary>e^x: 0 below -103.98, infinity above 88.73.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x)
    {
        x = x > 89 ? 89 : x < -104 ? -104 : x;
        float shifted = (x * Log2E) + RoundingShift;
        int n = IntegerOf(shifted), half = n >> 1;
        // 2^n in two factors: one alone cannot make a denormal, nor 2^128.
        return (ExpMinusOne(x, shifted - RoundingShift) + 1) * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    /// <summary>ln x: minus infinity at 0, NaN below it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x)
    {
        bool denormal = x < 1.17549435e-38f;
        var bits = (int)Interop.FloatAsInt(denormal ? x * 8388608 : x);
        // x = 2^k * m, m in [sqrt(1/2), sqrt(2)), whose bits are those of the least one and more.
        int k = (bits - 0x3F3504F3) >> 23;
        float f = Interop.IntAsFloat((uint)(bits - (k << 23))) - 1;
        float exponent = denormal ? k - 23 : k;

        // ln(1 + f) = 2 artanh s, s = f / (2 + f); 2 s = f - s f; z = s^2 < 0.0295.
        float s = f / (f + 2), z = s * s;
        float r = (((((((2f / 9) * z) + (2f / 7)) * z) + (2f / 5)) * z) + (2f / 3)) * z;
        float y = (exponent * Ln2High) + (f + ((exponent * Ln2Low) - (s * (f - r))));
        return x < 0 ? float.NaN : x == 0 ? float.NegativeInfinity : x < float.PositiveInfinity ? y : x;
    }

    /// <summary>The hyperbolic tangent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Tanh(float x)
    {
        // tanh |x| = t / (t + 2), t = e^(2 |x|) - 1; 1 in floats from 9.1 on.
        float magnitude = Abs(x);
        magnitude = magnitude > 10 ? 10 : magnitude;
        float twice = magnitude + magnitude, shifted = (twice * Log2E) + RoundingShift;
        float power = PowerOfTwo(IntegerOf(shifted));
        float t = (power * ExpMinusOne(twice, shifted - RoundingShift)) + (power - 1);
        float y = t / (t + 2);
        return x < 0 ? -y : y;
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sigmoid(float x)
    {
        // By e^-|x|, which is at most 1: with e^-x very negative arguments would give 0.
        float e = Exp(-Abs(x));
        return (x < 0 ? e : 1) / (e + 1);
    }

    /// <summary>
    /// x^power: 1 where the power is 0, NaN where x is below 0 and the power no integer. The error grows with the
    /// logarithm of the result; powers of 1, 2 and 3 are products.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Pow(float x, float power)
    {
        if (power == 0)
            return 1;
        if (power == 1)
            return x;
        if (power == 2)
            return x * x;
        if (power == 3)
            return x * x * x;
        float y = Exp(power * Log(Abs(x)));
        if (!(x < 0))
            return y;
        // From 2^24 on all floats are even integers.
        float magnitude = Abs(power);
        if (magnitude >= 16777216)
            return y;
        var integer = (int)magnitude;
        return integer != magnitude ? float.NaN : (integer & 1) != 0 ? -y : y;
    }

    /// <summary>|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Abs(float x) => Interop.IntAsFloat(Interop.FloatAsInt(x) & 0x7FFFFFFFu);

    /// <summary>The sign: -1, 0 or 1; of NaN 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sign(float x) => x > 0 ? 1f : x < 0 ? -1f : 0f;

    // e^(x - n ln 2) - 1, the argument at most ln 2 / 2: accurate also where it is tiny. Taylor's series to r^7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ExpMinusOne(float x, float n)
    {
        float r = (x - (n * Ln2High)) - (n * Ln2Low);
        float q = ((((((((((1f / 5040) * r) + (1f / 720)) * r) + (1f / 120)) * r) + (1f / 24)) * r) + (1f / 6)) * r)
            + (1f / 2);
        return r + (r * r * q);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int IntegerOf(float shifted) =>
        (int)Interop.FloatAsInt(shifted) - (int)Interop.FloatAsInt(RoundingShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float PowerOfTwo(int n) => Interop.IntAsFloat((uint)(n + 127) << 23);
}
