using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Benchmarks.Kernels;

/// <summary>What all kernels are measured with: the benchmarks run in this process, and find it here.</summary>
internal static class KernelSettings
{
    /// <summary>Threads; 0, the default, takes one for each core.</summary>
    public static int Threads { get; set; }

    /// <summary>Whether all convolutions are computed by the implicit product, also those that Winograd's method or a
    /// kernel of their own does faster: to compare. Default false.</summary>
    public static bool IsPlain { get; set; }

    /// <summary>A device of that many threads.</summary>
    public static CpuDevice Device() => new(Threads) { AllowsWinograd = !IsPlain };
}
