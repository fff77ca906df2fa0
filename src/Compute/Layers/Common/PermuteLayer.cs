using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Puts the axes into another order: axis k of the top is axis order[k] of the bottom. A layer of NVIDIA's fork; with
/// order 0, 2, 3, 1 the channels of images become the innermost axis. One bottom of any shape, one top; not in place.
/// <c>permute_param.order</c>: each axis at most once; those that are not named follow, in their order. Default: none,
/// which copies.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Permute")]
public sealed unsafe class PermuteLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly int[] _named =
        [.. (parameter.PermuteParam?.Order ?? []).Select(axis => (int)Math.Min(axis, int.MaxValue))];

    private readonly GpuAxesCopy _onGpu = new();
    private int[] _order = [];

    // The top's axes, those that stay together in the bottom taken as one, and the bottom's distance along each.
    private int[] _lengths = [];
    private int[] _strides = [];
    private int _axes;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    /// <remarks>None: it moves.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (bottom[0] == top[0])
            throw Fail(ErrorCodes.BadConnection, "it cannot run in place: give its top a name of its own");
        int axes = bottom[0].AxisCount;
        if (_order.Length != axes)
            SetOrder(axes, bottom[0]);
        Span<int> shape = stackalloc int[axes];
        for (int k = 0; k < axes; k++)
            shape[k] = bottom[0].Shape[_order[k]];
        top[0].Reshape(shape);
        _axes = 0;
        for (int k = 0; k < axes; k++)
        {
            int axis = _order[k];
            if (k > 0 && axis == _order[k - 1] + 1)
            {
                _lengths[_axes - 1] *= shape[k];
                _strides[_axes - 1] = bottom[0].CountFrom(axis + 1);
            }
            else
            {
                _lengths[_axes] = shape[k];
                _strides[_axes++] = bottom[0].CountFrom(axis + 1);
            }
        }

        _onGpu.Set(_lengths.AsSpan(0, _axes), _strides.AsSpan(0, _axes));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top) =>
        _onGpu.ToPiece(gpu, bottom[0].GpuData(gpu), 0, top[0].OverwriteGpuData(gpu), top[0].Count);

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (propagateDown[0])
            _onGpu.FromPiece(gpu, top[0].GpuDiff(gpu), top[0].Count, bottom[0].OverwriteGpuDiff(gpu), 0);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top) => SetOrder(bottom[0].AxisCount, bottom[0]);

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top) => Elementwise.Run(
        Context.Device, top[0].Count,
        new Body(_lengths, _strides, _axes, bottom[0].CpuData, top[0].MutableCpuData, back: false));

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        Elementwise.Run(Context.Device, top[0].Count,
            new Body(_lengths, _strides, _axes, bottom[0].MutableCpuDiff, top[0].CpuDiff, back: true));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _onGpu.Dispose();
    }

    private void SetOrder(int axes, Blob bottom)
    {
        foreach (int axis in _named)
        {
            if (axis >= axes || _named.Count(other => other == axis) > 1)
            {
                throw Fail(ErrorCodes.BadLayerParameter,
                    $"permute_param.order names the axis {axis}, which must be one of 0 to {axes - 1}, once: the "
                    + $"bottom is {bottom.ShapeString}");
            }
        }

        _order = [.. _named, .. Enumerable.Range(0, axes).Except(_named)];
        _lengths = new int[axes];
        _strides = new int[axes];
    }

    // Counts in the top's order; the bottom's element is found by the strides.
    private readonly struct Body(int[] lengths, int[] strides, int axes, float* bottom, float* top, bool back)
        : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            int last = axes == 0 ? 1 : lengths[axes - 1];
            long stride = axes == 0 ? 1 : strides[axes - 1];
            for (int i = from; i < to;)
            {
                int start = i % last, count = Math.Min(last - start, to - i);
                float* inner = bottom + OffsetOf(i / last) + (start * stride), outer = top + i;
                if (stride == 1 && back)
                    new ReadOnlySpan<float>(outer, count).CopyTo(new Span<float>(inner, count));
                else if (stride == 1)
                    new ReadOnlySpan<float>(inner, count).CopyTo(new Span<float>(outer, count));
                else if (back)
                    Scatter(outer, inner, stride, count);
                else
                    Gather(inner, stride, outer, count);
                i += count;
            }
        }

        private long OffsetOf(int row)
        {
            long offset = 0;
            for (int axis = axes - 2; axis >= 0; axis--)
            {
                offset += row % lengths[axis] * strides[axis];
                row /= lengths[axis];
            }

            return offset;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Gather(float* from, long stride, float* to, int count)
        {
            for (int i = 0; i < count; i++, from += stride)
                to[i] = *from;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Scatter(float* from, float* to, long stride, int count)
        {
            for (int i = 0; i < count; i++, to += stride)
                *to = from[i];
        }
    }
}
