using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CaffeActors.Cli;

/// <summary>The vectors that the processor computes with.</summary>
internal static class Simd
{
    /// <summary>The widest ones, in words.</summary>
    public static string Name =>
        Vector512.IsHardwareAccelerated ? "AVX-512 (512-bit vectors)"
        : Avx2.IsSupported ? "AVX2 (256-bit vectors)"
        : Vector128.IsHardwareAccelerated ? "128-bit vectors"
        : "none";
}
