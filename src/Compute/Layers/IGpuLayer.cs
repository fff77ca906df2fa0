using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Layers;

/// <summary>
/// A layer that can compute on an accelerator. Both methods do what their CPU counterparts do, with the blobs' sides
/// on the accelerator (<see cref="GpuBlobExtensions"/>), and return when the work is queued. They touch no CPU side of
/// a blob that grows with the batch: that would copy it.
/// </summary>
public interface IGpuLayer
{
    /// <summary>Queues the computation of the tops.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="bottom">The bottoms.</param>
    /// <param name="top">The tops, shaped.</param>
    void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top);

    /// <summary>Queues the computation of the gradients.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="top">The tops, their diffs set.</param>
    /// <param name="propagateDown">For each bottom, whether its diff is wanted.</param>
    /// <param name="bottom">The bottoms.</param>
    void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom);
}
