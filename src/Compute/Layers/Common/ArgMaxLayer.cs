using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// The greatest values and where they are, in falling order; of equal values the one of the higher index comes first,
/// and a NaN counts as greater than every number. It has no gradient.
/// One bottom, one top, not in place. With <c>axis</c>: the top has the bottom's axes, top_k along that one, and holds
/// indices, or values with <c>out_max_val</c>. Without: all values of an item (N, ...) are compared, and the top is
/// (N, 1, top_k) of indices, or (N, 2, top_k) of indices and values with <c>out_max_val</c>; axes of length 1 follow
/// up to the bottom's number of axes.
/// <c>argmax_param</c>: <c>top_k</c>, 1 to the number of values compared, default 1; <c>axis</c>, default none,
/// negative ones count from the end; <c>out_max_val</c>, default false.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("ArgMax")]
public sealed unsafe class ArgMaxLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly ArgMaxParameter _argmax = parameter.ArgmaxParam ?? new ArgMaxParameter();
    private PositionSplit _split;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => false;

    /// <inheritdoc/>
    /// <remarks>One comparison a value.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => bottom[0].Count;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Blob x = bottom[0];
        if (x.AxisCount == 0)
            throw Fail(ErrorCodes.ShapeMismatch, "a scalar has no values to compare");
        Span<int> shape = stackalloc int[Blob.MaxAxes];
        int axes = x.AxisCount;
        if (_argmax.HasAxis)
        {
            int axis = x.CanonicalAxis(_argmax.Axis);
            _split = new PositionSplit(x.CountRange(0, axis), x.Dim(axis), x.CountFrom(axis + 1));
            x.Shape.CopyTo(shape);
            shape[axis] = TopK(x.Dim(axis));
        }
        else
        {
            _split = new PositionSplit(x.Dim(0), x.CountFrom(1), 1);
            axes = Math.Max(axes, 3);
            shape[..axes].Fill(1);
            shape[0] = x.Dim(0);
            shape[1] = _argmax.OutMaxVal ? 2 : 1;
            shape[2] = TopK(x.CountFrom(1));
        }

        top[0].Reshape(shape[..axes]);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        int outer = _split.Inner == 0 ? 0 : _split.Count / _split.Inner;
        bool values = _argmax.OutMaxVal, pairs = values && !_argmax.HasAxis;
        GpuArgMax.Run(gpu, bottom[0].GpuData(gpu), outer, _split.Classes, _split.Inner,
            new GpuArgMax.Target(top[0].OverwriteGpuData(gpu), (int)_argmax.TopK, !values || pairs, values));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom) =>
        BackwardCpu(top, propagateDown, bottom);

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top) => RefuseInPlace(bottom, top);

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        int best = (int)_argmax.TopK;
        bool pairs = _argmax is { OutMaxVal: true, HasAxis: false };
        float* y = top[0].MutableCpuData;
        float* indices = _argmax.OutMaxVal && !pairs ? null : y;
        float* values = !_argmax.OutMaxVal ? null : pairs ? y + best : y;
        var body = new ArgMaxBody(bottom[0].CpuData, indices, values, best, pairs ? 2 : 1, _split, Context.Device);
        Context.Device.Pool.Run(body, _split.Tasks);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (propagateDown[0])
        {
            throw Fail(ErrorCodes.BadNet,
                "a place in an order has no gradient; write propagate_down: false, or train with a layer before this");
        }
    }

    private int TopK(int values)
    {
        if (_argmax.TopK < 1 || _argmax.TopK > values)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"top_k is {_argmax.TopK} and must lie between 1 and the number of values compared, {values}");
        }

        return (int)_argmax.TopK;
    }
}
