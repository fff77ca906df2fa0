using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>A CPU as a compute device: its threads and their scratch memory. One user at a time.</summary>
public sealed class CpuDevice : IDisposable
{
    /// <summary>Elements below which an element-wise kernel is not worth a second thread.</summary>
    public const int Grain = 16384;

    /// <summary>A device.</summary>
    /// <param name="threads">Threads to compute on; 0, the default, takes one for each core.</param>
    public CpuDevice(int threads = 0)
    {
        Pool = new ComputePool(threads > 0 ? threads : Environment.ProcessorCount);
        Workspace = new Workspace(Pool.Threads);
        Store = new HostStore(this);
    }

    /// <summary>The threads.</summary>
    public ComputePool Pool { get; }

    /// <summary>Their scratch memory.</summary>
    public Workspace Workspace { get; }

    /// <summary>Where blobs with 16-bit storage rest between layers.</summary>
    public HostStore Store { get; }

    /// <summary>The matrix kernels it computes with. Default: the best for this machine.</summary>
    public KernelFamily Kernels { get; init; } = KernelFamily.Best;

    /// <summary>The library that computes large matrix products; may change between them. Default null:
    /// <see cref="Kernels"/> do.</summary>
    public BlasLibrary? Blas { get; set; }

    /// <summary>Whether convolutions take Winograd's method where it is faster. Default true; false keeps to plain
    /// sums, whose rounding errors are some ten times smaller.</summary>
    public bool AllowsWinograd { get; init; } = true;

    /// <summary>Number of threads.</summary>
    public int Threads => Pool.Threads;

    /// <summary>Ends the threads and frees the memory.</summary>
    public void Dispose()
    {
        Pool.Dispose();
        Workspace.Dispose();
        Store.Dispose();
    }
}
