using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Cuts a blob along one axis; the gradients are joined again. One bottom; one top or more. A single top shares the
/// bottom's memory.
/// <c>slice_param</c>: <c>axis</c>, default 1, negative from the end, or the old <c>slice_dim</c>;
/// <c>slice_point</c>: where each top but the first begins, rising; without it all tops are equal.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Slice")]
public sealed unsafe class SliceLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly SliceParameter _slice = parameter.SliceParam ?? new SliceParameter();
    private int _axis;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) => GradientReads.None;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        _axis = AxisOf(bottom[0]);
        int length = bottom[0].Dim(_axis), points = _slice.SlicePoint.Count;
        if (points == 0 && length % top.Length != 0)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"axis {_axis} of the bottom ({bottom[0].ShapeString}) cannot be cut into {top.Length} equal parts; "
                + "give slice_point");
        }

        Span<int> shape = stackalloc int[Blob.MaxAxes];
        bottom[0].Shape.CopyTo(shape);
        long begin = 0;
        for (int i = 0; i < top.Length; i++)
        {
            long end = i == top.Length - 1 ? length : points > 0 ? _slice.SlicePoint[i] : begin + (length / top.Length);
            if (points > 0 && (end <= begin || end > length))
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"top {i} would take [{begin}, {end}) of axis {_axis}; "
                    + $"slice_point must rise from above 0 to below {length}");
            }

            shape[_axis] = (int)(end - begin);
            top[i].Reshape(shape[..bottom[0].AxisCount]);
            begin = end;
        }

        if (top.Length == 1)
        {
            top[0].ShareData(bottom[0]);
            top[0].ShareDiff(bottom[0]);
        }
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (top.Length == 1)
            return;
        Values source = bottom[0].GpuData(gpu);
        int rows = bottom[0].CountRange(0, _axis), stride = bottom[0].CountFrom(_axis), start = 0;
        foreach (Blob blob in top)
        {
            int length = blob.CountFrom(_axis);
            GpuStridedCopy.Run(gpu, source, start, stride, blob.OverwriteGpuData(gpu), 0, length, length, rows);
            start += length;
        }
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (top.Length == 1 || !propagateDown[0])
            return;
        Values target = bottom[0].OverwriteGpuDiff(gpu);
        int rows = bottom[0].CountRange(0, _axis), stride = bottom[0].CountFrom(_axis), start = 0;
        foreach (Blob blob in top)
        {
            int length = blob.CountFrom(_axis);
            GpuStridedCopy.Run(gpu, blob.GpuDiff(gpu), 0, length, target, start, stride, length, rows);
            start += length;
        }
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (_slice.HasAxis && _slice.HasSliceDim)
            throw Fail(ErrorCodes.BadLayerParameter, "axis and slice_dim are both given; keep axis");
        if (_slice.SlicePoint.Count != 0 && _slice.SlicePoint.Count != top.Length - 1)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"slice_point is given {_slice.SlicePoint.Count} times; {top.Length} tops need {top.Length - 1}, "
                + "or none for equal parts");
        }

        if (top.Length > 1)
            RefuseInPlace(bottom, top);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (top.Length == 1)
            return;
        float* source = bottom[0].CpuData;
        int rows = bottom[0].CountRange(0, _axis), stride = bottom[0].CountFrom(_axis);
        foreach (Blob blob in top)
        {
            int length = blob.CountFrom(_axis);
            StridedCopy.Run(Context.Device, source, stride, blob.MutableCpuData, length, length, rows);
            source += length;
        }
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (top.Length == 1 || !propagateDown[0])
            return;
        float* target = bottom[0].MutableCpuDiff;
        int rows = bottom[0].CountRange(0, _axis), stride = bottom[0].CountFrom(_axis);
        foreach (Blob blob in top)
        {
            int length = blob.CountFrom(_axis);
            StridedCopy.Run(Context.Device, blob.CpuDiff, length, target, stride, length, rows);
            target += length;
        }
    }

    private int AxisOf(Blob bottom)
    {
        long axis = _slice.HasSliceDim ? _slice.SliceDim : _slice.Axis;
        if (axis < -bottom.AxisCount || axis >= bottom.AxisCount)
        {
            string name = _slice.HasSliceDim ? "slice_dim" : "axis";
            throw Fail(ErrorCodes.ShapeMismatch,
                $"{name} is {axis}, but the bottom has the shape {bottom.ShapeString}");
        }

        return bottom.CanonicalAxis((int)axis);
    }
}
