using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Solvers;

/// <summary>A blob that a solver updates. Of blobs that share their memory only the owner is one.</summary>
/// <param name="Blob">Its data are the weights, its diff the gradient; it belongs to the net.</param>
/// <param name="LrMult">Multiplies the learning rate. Default 1; 0 freezes the blob.</param>
/// <param name="DecayMult">Multiplies the weight decay. Default 1.</param>
/// <param name="Name">What messages call it, as in <c>conv1/0</c>.</param>
public sealed record LearnableParam(Blob Blob, float LrMult, float DecayMult, string Name)
{
    /// <summary>The accelerator of the layer that owns it, where it is updated too; null for the CPU, the
    /// default.</summary>
    public GpuDevice? Gpu { get; init; }

    /// <summary>Whether its gradient is computed from diffs that are kept in fp16. Default false.</summary>
    public bool HasHalfGradient { get; init; }
}
