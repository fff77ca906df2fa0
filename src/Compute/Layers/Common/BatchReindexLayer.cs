using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Chooses items of a batch, each any number of times: y[i] = x[index i]; dx[b] = sum of dy[i] over all i whose index
/// is b.
/// Bottoms: x (N, ...); indices 0 to N - 1, one axis (M), fractions cut off. Top (M, ...). Not in place. No parameters.
/// Indices get no gradient; one out of range fails with <see cref="ErrorCodes.LabelOutOfRange"/> and its position.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("BatchReindex")]
public sealed unsafe class BatchReindexLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly GpuRowIndex _onGpu = new();

    /// <inheritdoc/>
    public override int ExactBottoms => 2;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override bool NeedsExact(int bottom) => bottom == 1;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => bottom == 0;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].AxisCount == 0 || bottom[1].AxisCount != 1)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"it needs a batch and a list of indices with one axis, not {bottom[0].ShapeString} and "
                + bottom[1].ShapeString);
        }

        Span<int> shape = stackalloc int[Blob.MaxAxes];
        bottom[0].Shape.CopyTo(shape);
        shape[0] = bottom[1].Dim(0);
        top[0].Reshape(shape[..bottom[0].AxisCount]);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        CheckIndices(bottom);
        _onGpu.Set(bottom[1].Data, bottom[0].Dim(0));
        _onGpu.Gather(gpu, bottom[0].GpuData(gpu), bottom[0].CountFrom(1), top[0].OverwriteGpuData(gpu));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RefuseGradient(propagateDown);
        if (!propagateDown[0])
            return;
        bottom[0].ClearGpuDiff(gpu);
        _onGpu.ScatterAdd(gpu, top[0].GpuDiff(gpu), bottom[0].CountFrom(1), bottom[0].MutableGpuDiff(gpu));
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top) => RefuseInPlace(bottom, top);

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        CheckIndices(bottom);
        IndexedRows.Gather(
            Context.Device, bottom[0].CpuData, bottom[1].CpuData, bottom[1].Count, bottom[0].CountFrom(1), null,
            top[0].MutableCpuData);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RefuseGradient(propagateDown);
        if (!propagateDown[0])
            return;
        bottom[0].MutableDiff.Clear();
        IndexedRows.ScatterAdd(
            Context.Device, top[0].CpuDiff, bottom[1].CpuData, bottom[1].Count, bottom[0].CountFrom(1),
            bottom[0].MutableCpuDiff);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _onGpu.Dispose();
    }

    private void RefuseGradient(bool[] propagateDown)
    {
        if (propagateDown[1])
            throw Fail(ErrorCodes.BadNet, "no gradient goes to indices; write propagate_down: false for bottom 1");
    }

    private void CheckIndices(Blob[] bottom)
    {
        int batch = bottom[0].Dim(0);
        ReadOnlySpan<float> indices = bottom[1].Data;
        for (int i = 0; i < indices.Length; i++)
        {
            // As Caffe does, before the fraction is cut off: -0.5 is none.
            if (!(indices[i] >= 0 && indices[i] < (double)batch))
            {
                throw Fail(ErrorCodes.LabelOutOfRange,
                    $"index {indices[i]} at position {i} is none of the {batch} items of the batch"
                    + (batch > 0 ? $" (0 to {batch - 1})" : ""), FailureKind.Data, i);
            }
        }
    }
}
