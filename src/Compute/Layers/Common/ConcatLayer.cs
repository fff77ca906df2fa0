using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Joins bottoms along one axis, in their order; the gradient is cut up again. One bottom or more, with equal axes
/// but for the one joined; one top. A single bottom is shared, not copied.
/// <c>concat_param</c>: <c>axis</c>, default 1, negative from the end; or the old <c>concat_dim</c>.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Concat")]
public sealed unsafe class ConcatLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly ConcatParameter _concat = parameter.ConcatParam ?? new ConcatParameter();
    private int _axis;

    /// <inheritdoc/>
    public override int MinBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) => GradientReads.None;

    /// <inheritdoc/>
    public override bool CanRecompute => true;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Blob first = bottom[0];
        _axis = AxisOf(first);
        long length = first.Dim(_axis);
        for (int i = 1; i < bottom.Length; i++)
        {
            if (!FitsBeside(bottom[i], first))
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"bottom {i} ({bottom[i].ShapeString}) must have the shape of bottom 0 ({first.ShapeString}) "
                    + $"but for axis {_axis}");
            }

            length += bottom[i].Dim(_axis);
        }

        Span<int> shape = stackalloc int[Blob.MaxAxes];
        first.Shape.CopyTo(shape);
        shape[_axis] = (int)Math.Min(length, int.MaxValue);
        top[0].Reshape(shape[..first.AxisCount]);
        if (bottom.Length == 1)
        {
            top[0].ShareData(first);
            top[0].ShareDiff(first);
        }
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (bottom.Length == 1)
            return;
        Values target = top[0].OverwriteGpuData(gpu);
        int rows = top[0].CountRange(0, _axis), stride = top[0].CountFrom(_axis), start = 0;
        foreach (Blob blob in bottom)
        {
            int length = blob.CountFrom(_axis);
            GpuStridedCopy.Run(gpu, blob.GpuData(gpu), 0, length, target, start, stride, length, rows);
            start += length;
        }
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (bottom.Length == 1)
            return;
        Values source = top[0].GpuDiff(gpu);
        int rows = top[0].CountRange(0, _axis), stride = top[0].CountFrom(_axis), start = 0;
        for (int i = 0; i < bottom.Length; i++)
        {
            int length = bottom[i].CountFrom(_axis);
            if (propagateDown[i])
            {
                GpuStridedCopy.Run(
                    gpu, source, start, stride, bottom[i].OverwriteGpuDiff(gpu), 0, length, length, rows);
            }

            start += length;
        }
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (_concat.HasAxis && _concat.HasConcatDim)
            throw Fail(ErrorCodes.BadLayerParameter, "axis and concat_dim are both given; keep axis");
        if (bottom.Length > 1)
            RefuseInPlace(bottom, top);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (bottom.Length == 1)
            return;
        float* target = top[0].MutableCpuData;
        int rows = top[0].CountRange(0, _axis), stride = top[0].CountFrom(_axis);
        foreach (Blob blob in bottom)
        {
            int length = blob.CountFrom(_axis);
            StridedCopy.Run(Context.Device, blob.CpuData, length, target, stride, length, rows);
            target += length;
        }
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (bottom.Length == 1)
            return;
        float* source = top[0].CpuDiff;
        int rows = top[0].CountRange(0, _axis), stride = top[0].CountFrom(_axis);
        for (int i = 0; i < bottom.Length; i++)
        {
            int length = bottom[i].CountFrom(_axis);
            if (propagateDown[i])
                StridedCopy.Run(Context.Device, source, stride, bottom[i].MutableCpuDiff, length, length, rows);
            source += length;
        }
    }

    private int AxisOf(Blob bottom)
    {
        long axis = _concat.HasConcatDim ? _concat.ConcatDim : _concat.Axis;
        if (axis < -bottom.AxisCount || axis >= bottom.AxisCount)
        {
            string name = _concat.HasConcatDim ? "concat_dim" : "axis";
            throw Fail(ErrorCodes.ShapeMismatch,
                $"{name} is {axis}, but bottom 0 has the shape {bottom.ShapeString}");
        }

        return bottom.CanonicalAxis((int)axis);
    }

    private bool FitsBeside(Blob blob, Blob first) =>
        blob.AxisCount == first.AxisCount
        && blob.Shape[.._axis].SequenceEqual(first.Shape[.._axis])
        && blob.Shape[(_axis + 1)..].SequenceEqual(first.Shape[(_axis + 1)..]);
}
