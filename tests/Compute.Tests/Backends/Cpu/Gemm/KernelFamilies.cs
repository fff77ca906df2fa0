using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Tests.Backends.Cpu.Gemm;

/// <summary>All families of kernels: also those of registers that the machine lacks are right there, if slow.</summary>
internal static class KernelFamilies
{
    public static string[] Names => ["avx512", "avx2", "portable"];

    public static KernelFamily Named(string name) => name switch
    {
        "avx512" => KernelFamily.Vector512,
        "avx2" => KernelFamily.Vector256,
        "portable" => KernelFamily.Portable,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}
