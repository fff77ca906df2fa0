using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Cuts a piece out of a blob, as large as another one from some axis on; dx is dy in the piece and 0 around it.
/// Bottoms: x; the reference, of which only the lengths of those axes count, and which gets the gradient 0. Top: the
/// lengths of x before the axis, of the reference from it on. Not in place.
/// <c>crop_param</c>: <c>axis</c>, the first axis cut, default 2, negative ones count from the end; <c>offset</c>,
/// where the piece begins: none (0), one for all axes cut, or one for each.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Crop")]
public sealed unsafe class CropLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly CropParameter _crop = parameter.CropParam ?? new CropParameter();
    private readonly GpuAxesCopy _onGpu = new();

    // The axes of the piece, the distances along them in x, and where the piece begins there.
    private readonly int[] _lengths = new int[Blob.MaxAxes];
    private readonly int[] _strides = new int[Blob.MaxAxes];
    private int _start;

    /// <inheritdoc/>
    public override int ExactBottoms => 2;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Blob x = bottom[0], reference = bottom[1];
        int axes = x.AxisCount, first = x.CanonicalAxis(_crop.Axis);
        if (reference.AxisCount < axes)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the reference ({reference.ShapeString}) must have the {axes} axes of what is cut ({x.ShapeString})");
        }

        if (_crop.Offset.Count > 1 && _crop.Offset.Count != axes - first)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"offset is given {_crop.Offset.Count} times for the {axes - first} axes from axis {first} on; give it "
                + "once, once for each of them, or not at all");
        }

        Span<int> shape = stackalloc int[Blob.MaxAxes];
        x.Shape.CopyTo(shape);
        _start = 0;
        for (int i = 0; i < axes; i++)
        {
            long offset = i < first || _crop.Offset.Count == 0 ? 0
                : _crop.Offset[_crop.Offset.Count == 1 ? 0 : i - first];
            if (i >= first)
                shape[i] = reference.Dim(i);
            if (offset + shape[i] > x.Dim(i))
            {
                throw Fail(ErrorCodes.ShapeMismatch,
                    $"{shape[i]} from {offset} on is more than axis {i} has, {x.Dim(i)}; what is cut has the shape "
                    + $"{x.ShapeString}, the reference {reference.ShapeString}");
            }

            _lengths[i] = shape[i];
            _strides[i] = x.CountFrom(i + 1);
            _start += (int)offset * _strides[i];
        }

        top[0].Reshape(shape[..axes]);
        _onGpu.Set(_lengths.AsSpan(0, axes), _strides.AsSpan(0, axes));
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top) =>
        _onGpu.ToPiece(gpu, bottom[0].GpuData(gpu), _start, top[0].OverwriteGpuData(gpu), top[0].Count);

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (propagateDown[1])
            bottom[1].ClearGpuDiff(gpu);
        if (!propagateDown[0])
            return;
        bottom[0].ClearGpuDiff(gpu);
        _onGpu.FromPiece(gpu, top[0].GpuDiff(gpu), top[0].Count, bottom[0].MutableGpuDiff(gpu), _start);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top) => RefuseInPlace(bottom, top);

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top) =>
        Copy(bottom[0], top[0], bottom[0].CpuData, top[0].MutableCpuData, toPiece: true);

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (propagateDown[1])
            bottom[1].MutableDiff.Clear();
        if (!propagateDown[0])
            return;
        bottom[0].MutableDiff.Clear();
        Copy(bottom[0], top[0], bottom[0].MutableCpuDiff, top[0].CpuDiff, toPiece: false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _onGpu.Dispose();
    }

    // Rows are as long as they are in one piece in both blobs: from the last axis that is cut on.
    private void Copy(Blob whole, Blob piece, float* of, float* to, bool toPiece)
    {
        int last = whole.AxisCount - 1;
        while (last > 0 && whole.Dim(last) == piece.Dim(last))
            last--;
        int length = piece.CountFrom(last);
        if (piece.Count > 0)
        {
            Rowwise.Run(Context.Device, piece.Count / length, length,
                new CopyBody(of + _start, to, _lengths, _strides, last, length, toPiece));
        }
    }

    private readonly struct CopyBody(
        float* whole, float* piece, int[] lengths, int[] strides, int axes, int length, bool toPiece) : IRowBody
    {
        public void Invoke(int from, int to, int worker)
        {
            for (int row = from; row < to; row++)
            {
                long offset = 0;
                for (int axis = axes - 1, rest = row; axis >= 0; rest /= lengths[axis], axis--)
                    offset += rest % lengths[axis] * strides[axis];
                var inWhole = new Span<float>(whole + offset, length);
                var inPiece = new Span<float>(piece + ((long)row * length), length);
                if (toPiece)
                    inWhole.CopyTo(inPiece);
                else
                    inPiece.CopyTo(inWhole);
            }
        }
    }
}
