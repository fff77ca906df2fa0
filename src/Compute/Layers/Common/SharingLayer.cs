using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// A layer whose top is its bottom under another shape: data and diff are shared, nothing is computed. One bottom,
/// one top, not in place.
/// </summary>
/// <param name="parameter">The layer's message.</param>
public abstract class SharingLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) => GradientReads.None;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Span<int> shape = stackalloc int[Blob.MaxAxes];
        int axes = TopShape(bottom[0], shape);
        top[0].Reshape(shape[..axes]);
        if (top[0].Count != bottom[0].Count)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the shape {top[0].ShapeString} does not hold the elements of the bottom ({bottom[0].ShapeString})");
        }

        // On each pass anew: a bottom that grew has other memory now.
        top[0].ShareData(bottom[0]);
        top[0].ShareDiff(bottom[0]);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
    }

    /// <summary>The top's shape.</summary>
    /// <param name="bottom">The bottom.</param>
    /// <param name="shape">Takes the lengths; room for <see cref="Blob.MaxAxes"/>.</param>
    /// <returns>The number of axes.</returns>
    protected abstract int TopShape(Blob bottom, Span<int> shape);

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top) => RefuseInPlace(bottom, top);

    /// <inheritdoc/>
    protected sealed override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
    }

    /// <inheritdoc/>
    protected sealed override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
    }
}
