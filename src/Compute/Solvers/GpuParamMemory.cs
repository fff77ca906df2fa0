using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Solvers;

/// <summary>The numbers of one parameter on an accelerator: what <see cref="ParamMemory"/> is on the CPU.</summary>
internal readonly struct GpuParamMemory
{
    /// <summary>Takes the accelerator's side of the blobs, which becomes the newest.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="blob">Weights and gradient.</param>
    /// <param name="history">The first block of history.</param>
    /// <param name="secondHistory">The second block; null where the rule has one.</param>
    public GpuParamMemory(GpuDevice gpu, Blob blob, Blob history, Blob? secondHistory)
    {
        Weights = blob.MutableGpuData(gpu);
        Gradient = blob.MutableGpuDiff(gpu);
        History = history.MutableGpuData(gpu);
        SecondHistory = secondHistory is null ? Values.None : secondHistory.MutableGpuData(gpu);
    }

    /// <summary>The weights.</summary>
    public readonly Values Weights;

    /// <summary>The gradient.</summary>
    public readonly Values Gradient;

    /// <summary>The first block of history.</summary>
    public readonly Values History;

    /// <summary>The second block of history; no memory where the rule has one.</summary>
    public readonly Values SecondHistory;
}
