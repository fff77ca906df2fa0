using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Recurrent;

/// <summary>
/// One step of LSTM cells without weights: of four runs of D numbers for each item i, f and o are sigmoids, g is
/// tanh; c = δ f c' + i g, h = o tanh c.
/// Bottoms: c' (1, N, D), what the gates see (1, N, 4 D) in the order i, f, o, g, and δ (1, N): 0 where a sequence
/// begins, else 1. Tops: c and h (1, N, D). Gradients go to bottoms 0 and 1, to both if one of them wants its. No
/// blobs, no parameters; not in place.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("LSTMUnit")]
public sealed unsafe class LSTMUnitLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly Blob _gates = new();
    private int _items;
    private int _width;

    /// <inheritdoc/>
    public override int ExactBottoms => 3;

    /// <inheritdoc/>
    public override int ExactTops => 2;

    /// <summary>δ allows no gradient.</summary>
    public override bool AllowForceBackward(int bottom) => bottom != 2;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].AxisCount != 3 || bottom[0].Dim(0) != 1)
            throw Fail(ErrorCodes.ShapeMismatch, $"bottom 0 must be 1 by N by D, not {bottom[0].ShapeString}");
        (_items, _width) = (bottom[0].Dim(1), bottom[0].Dim(2));
        // In 64 bits: four times the width may be more than an axis can be long.
        if (bottom[1].AxisCount != 3 || bottom[1].Dim(0) != 1 || bottom[1].Dim(1) != _items
            || bottom[1].Dim(2) != 4L * _width)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"bottom 1 must be 1 by {_items} by {4L * _width}, four numbers for each of bottom 0, not "
                + bottom[1].ShapeString);
        }

        if (!bottom[2].Shape.SequenceEqual([1, _items]))
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"bottom 2, which marks where sequences go on, must be 1 by {_items}, not {bottom[2].ShapeString}");
        }

        top[0].ReshapeLike(bottom[0]);
        top[1].ReshapeLike(bottom[0]);
        _gates.ReshapeLike(bottom[1]);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (bottom.Intersect(top).Any())
            throw Fail(ErrorCodes.BadConnection, "it cannot work in place; give its tops names of their own");
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top) =>
        gpu.Run(_items * _width, new LstmForwardBody(
            _width, bottom[2].GpuData(gpu), 0, bottom[1].GpuData(gpu), _gates.OverwriteGpuData(gpu),
            bottom[0].GpuData(gpu), 0, top[0].OverwriteGpuData(gpu), top[1].OverwriteGpuData(gpu), 0));

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (MarkedRows.Refusal(propagateDown, 2) is { } refusal)
            throw Fail(ErrorCodes.BadNet, refusal);
        if (!propagateDown[0] && !propagateDown[1])
            return;
        gpu.Run(_items * _width, new LstmBackwardBody(
            _width, _gates.GpuData(gpu), bottom[0].GpuData(gpu), 0, top[0].GpuData(gpu), top[0].GpuDiff(gpu),
            top[1].GpuDiff(gpu), bottom[1].OverwriteGpuDiff(gpu), bottom[0].OverwriteGpuDiff(gpu), 0));
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top) => LstmCell.Forward(
        Context.Device, _items, _width, bottom[2].CpuData, bottom[1].CpuData, bottom[0].CpuData,
        _gates.MutableCpuData, top[0].MutableCpuData, top[1].MutableCpuData);

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (MarkedRows.Refusal(propagateDown, 2) is { } refusal)
            throw Fail(ErrorCodes.BadNet, refusal);
        if (!propagateDown[0] && !propagateDown[1])
            return;
        LstmCell.Backward(
            Context.Device, _items, _width, bottom[0].CpuData, _gates.CpuData, top[0].CpuData, top[0].CpuDiff,
            top[1].CpuDiff, bottom[1].MutableCpuDiff, bottom[0].MutableCpuDiff);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _gates.Dispose();
        base.Dispose(disposing);
    }
}
