using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>
/// The end of a dot product: lanes are folded in halves, the last four as (0 + 2) + (1 + 3), alone or with others, so
/// that a number has the same bits wherever its column stands.
/// </summary>
internal static unsafe class DotSums
{
    /// <summary>y[j] = beta * y[j] + alpha * sum of vector j; with beta 0, y is not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d,
        float* y, float alpha, float beta) => Store(Half(a), Half(b), Half(c), Half(d), y, alpha, beta);

    /// <summary>The same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d,
        float* y, float alpha, float beta) => Store(Half(a), Half(b), Half(c), Half(d), y, alpha, beta);

    /// <summary>The same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d,
        float* y, float alpha, float beta)
    {
        Vector128<float> sums;
        if (Sse.IsSupported)
        {
            Vector128<float> ab = Sse.UnpackLow(a, b) + Sse.UnpackHigh(a, b);
            Vector128<float> cd = Sse.UnpackLow(c, d) + Sse.UnpackHigh(c, d);
            sums = Sse.MoveLowToHigh(ab, cd) + Sse.MoveHighToLow(cd, ab);
        }
        else if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<float> ab = AdvSimd.Arm64.ZipLow(a, b) + AdvSimd.Arm64.ZipHigh(a, b);
            Vector128<float> cd = AdvSimd.Arm64.ZipLow(c, d) + AdvSimd.Arm64.ZipHigh(c, d);
            sums = Vector128.Create(ab.GetLower(), cd.GetLower()) + Vector128.Create(ab.GetUpper(), cd.GetUpper());
        }
        else
        {
            sums = Vector128.Create(Sum(a), Sum(b), Sum(c), Sum(d));
        }

        sums *= alpha;
        if (beta != 0)
            sums += beta * Vector128.Load(y);
        sums.Store(y);
    }

    /// <summary>y[0] = beta * y[0] + alpha * sum; with beta 0, y is not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> a, float* y, float alpha, float beta) =>
        Store(Half(a), y, alpha, beta);

    /// <summary>The same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> a, float* y, float alpha, float beta) =>
        Store(Half(a), y, alpha, beta);

    /// <summary>The same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> a, float* y, float alpha, float beta)
    {
        float sum = alpha * Sum(a);
        *y = beta == 0 ? sum : sum + (beta * *y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Half(Vector512<float> x) => x.GetLower() + x.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Half(Vector256<float> x) => x.GetLower() + x.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector128<float> x) =>
        (x.GetElement(0) + x.GetElement(2)) + (x.GetElement(1) + x.GetElement(3));
}
