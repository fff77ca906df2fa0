using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using ILGPU;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Lets items of a batch through that a selector chooses, in their order; dx is dy for an item kept and 0 for another.
/// Bottoms: one or more (N, ...); last the selector, N values (all axes but the first of length 1): an item is kept
/// where it is not 0 (so NaN keeps). Tops: one for each bottom but the selector, (number kept, ...), which may be
/// (0, ...). Not in place. No parameters. The selector gets no gradient.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Filter")]
public sealed unsafe class FilterLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly GpuTable _onGpu = new();
    private int[] _kept = [];
    private int _count;
    private bool _hasSelection;

    /// <inheritdoc/>
    public override int MinBottoms => 2;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override bool NeedsExact(int bottom) => bottom == Parameter.Bottom.Count - 1;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => bottom != Parameter.Bottom.Count - 1;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Blob selector = bottom[^1];
        if (selector.AxisCount == 0 || selector.CountFrom(1) != 1)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the last bottom selects and must hold one value an item; it has the shape {selector.ShapeString}");
        }

        int batch = selector.Dim(0);
        for (int i = 0; i < top.Length; i++)
        {
            if (bottom[i].AxisCount == 0 || bottom[i].Dim(0) != batch)
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"bottom {i} ({bottom[i].ShapeString}) must have as many items as the selector "
                    + $"({selector.ShapeString})");
            }
        }

        Select(selector);
        Span<int> shape = stackalloc int[Blob.MaxAxes];
        for (int i = 0; i < top.Length; i++)
        {
            bottom[i].Shape.CopyTo(shape);
            shape[0] = _count;
            top[i].Reshape(shape[..bottom[i].AxisCount]);
        }
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (_count == 0)
            return;
        ArrayView<int> kept = _onGpu.On(gpu, _kept.AsSpan(0, _count));
        for (int i = 0; i < top.Length; i++)
        {
            gpu.Run(top[i].Count, new GpuKeepBody(
                bottom[i].GpuData(gpu), kept, bottom[i].CountFrom(1), top[i].OverwriteGpuData(gpu)));
        }
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RefuseGradient(propagateDown);
        for (int i = 0; i < top.Length; i++)
        {
            if (!propagateDown[i])
                continue;
            bottom[i].ClearGpuDiff(gpu);
            if (_count == 0)
                continue;
            gpu.Run(top[i].Count, new GpuReturnBody(
                top[i].GpuDiff(gpu), _onGpu.On(gpu, _kept.AsSpan(0, _count)), bottom[i].CountFrom(1),
                bottom[i].MutableGpuDiff(gpu)));
        }
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (top.Length != bottom.Length - 1)
        {
            throw Fail(ErrorCodes.BlobCount,
                $"it needs one top for each bottom but the last, the selector; it has {bottom.Length} bottoms and "
                + $"{top.Length} tops");
        }

        RefuseInPlace(bottom, top);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        for (int i = 0; i < top.Length; i++)
        {
            int length = bottom[i].CountFrom(1);
            float* source = bottom[i].CpuData, target = top[i].MutableCpuData;
            for (int k = 0; k < _count; k++)
            {
                StridedCopy.Run(
                    Context.Device, source + ((long)_kept[k] * length), target + ((long)k * length), length);
            }
        }
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RefuseGradient(propagateDown);
        for (int i = 0; i < top.Length; i++)
        {
            if (!propagateDown[i])
                continue;
            int length = bottom[i].CountFrom(1);
            bottom[i].MutableDiff.Clear();
            float* source = top[i].CpuDiff, target = bottom[i].MutableCpuDiff;
            for (int k = 0; k < _count; k++)
            {
                StridedCopy.Run(
                    Context.Device, source + ((long)k * length), target + ((long)_kept[k] * length), length);
            }
        }
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
        if (propagateDown[^1])
        {
            throw Fail(ErrorCodes.BadNet,
                "no gradient goes to the selector; write propagate_down: false for the last bottom");
        }
    }

    internal readonly struct GpuKeepBody(Values source, ArrayView<int> kept, int length, Values target) : IGpuBody
    {
        public void Invoke(int i) => target.Set(i, source[(kept[i / length] * length) + (i % length)]);
    }

    internal readonly struct GpuReturnBody(Values source, ArrayView<int> kept, int length, Values target) : IGpuBody
    {
        public void Invoke(int i) => target.Set((kept[i / length] * length) + (i % length), source[i]);
    }

    // When the layer is set up the selector holds no data yet: everything is kept, so that the layers after it see
    // the largest shapes there will be.
    private void Select(Blob selector)
    {
        ReadOnlySpan<float> values = selector.Data;
        if (_kept.Length < values.Length)
            _kept = new int[values.Length];
        _count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] != 0 || !_hasSelection)
                _kept[_count++] = i;
        }

        _hasSelection = true;
    }
}
