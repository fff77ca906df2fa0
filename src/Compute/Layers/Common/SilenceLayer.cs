using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Swallows blobs, so that they are no outputs of the net: forward does nothing; backward dx = 0.
/// Bottoms: one or more of any shape. Tops: none. No parameters.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Silence")]
public sealed class SilenceLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    /// <inheritdoc/>
    public override int MinBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        for (int i = 0; i < bottom.Length; i++)
        {
            if (propagateDown[i])
                bottom[i].MutableDiff.Clear();
        }
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        for (int i = 0; i < bottom.Length; i++)
        {
            if (propagateDown[i])
                gpu.Run(bottom[i].Count, new FillBody(bottom[i].OverwriteGpuDiff(gpu), 0));
        }
    }
}
