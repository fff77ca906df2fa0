using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>What becomes of a tile that has been summed: flags of the streaming tile kernels.</summary>
internal static class TileStore
{
    /// <summary>It is added to what is there.</summary>
    public const int Add = 1;

    /// <summary>It goes through max(x, 0) + slope * min(x, 0), what was there included.</summary>
    public const int Activate = 2;

    /// <summary>
    /// It goes straight to memory, where nobody reads it soon: each row must then start at a multiple of a register's
    /// bytes.
    /// </summary>
    public const int PastCache = 4;

    /// <summary>max(x, zero) + factor * min(x, zero); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Activation(Vector512<float> x, Vector512<float> zero, Vector512<float> factor) =>
        Vector512.MaxNative(x, zero) + (factor * Vector512.MinNative(zero, x));

    /// <summary>The same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Activation(Vector256<float> x, Vector256<float> zero, Vector256<float> factor) =>
        Vector256.MaxNative(x, zero) + (factor * Vector256.MinNative(zero, x));

    /// <summary>The same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Activation(Vector128<float> x, Vector128<float> zero, Vector128<float> factor) =>
        Vector128.MaxNative(x, zero) + (factor * Vector128.MinNative(zero, x));
}
