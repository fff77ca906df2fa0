namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>Which <see cref="KernelFamily"/> computes on a CPU.</summary>
public enum KernelChoice
{
    /// <summary>The one of the widest registers that the machine has.</summary>
    Auto,

    /// <summary><see cref="KernelFamily.Vector512"/>; a failure without AVX-512.</summary>
    Avx512,

    /// <summary><see cref="KernelFamily.Vector256"/>; a failure without AVX2.</summary>
    Avx2,

    /// <summary><see cref="KernelFamily.Portable"/>, on any machine.</summary>
    Portable,
}
