using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// A table of vectors, looked up by index: y[i, :] = W[x[i], :] + b; dW[x[i], :] += dy[i, :], db += sum of dy.
/// Bottom: indices 0 to input_dim - 1, any shape, fractions cut off; they get no gradient. Top: the bottom's shape with
/// one more axis, num_output. Blobs: W (input_dim, num_output), b (num_output).
/// <c>embed_param</c>: <c>num_output</c> and <c>input_dim</c>, required; <c>bias_term</c> true; fillers.
/// An index out of range fails with <see cref="ErrorCodes.LabelOutOfRange"/> and the batch item it belongs to.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Embed")]
public sealed unsafe class EmbedLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly EmbedParameter _embed = parameter.EmbedParam ?? new EmbedParameter();
    private readonly ChannelGradient _biasGradient = new();
    private readonly GpuRowIndex _onGpu = new();
    private int _rows;
    private int _length;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override bool NeedsExact(int bottom) => true;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => false;

    /// <inheritdoc/>
    /// <remarks>The additions of the bias.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => _embed.BiasTerm ? top[0].Count : 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Span<int> shape = stackalloc int[Blob.MaxAxes + 1];
        bottom[0].Shape.CopyTo(shape);
        shape[bottom[0].AxisCount] = _length;
        top[0].Reshape(shape[..(bottom[0].AxisCount + 1)]);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        CheckIndices(bottom[0]);
        _onGpu.Set(bottom[0].Data, _rows);
        Values w = Blobs[0].GpuData(gpu), y = top[0].OverwriteGpuData(gpu);
        if (_embed.BiasTerm)
            _onGpu.Gather(gpu, w, _length, Blobs[1].GpuData(gpu), y);
        else
            _onGpu.Gather(gpu, w, _length, y);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RefuseGradient(propagateDown);
        Values dy = top[0].GpuDiff(gpu);
        if (ParamPropagateDown[0])
            _onGpu.ScatterAdd(gpu, dy, _length, Blobs[0].MutableGpuDiff(gpu));
        if (_embed.BiasTerm && ParamPropagateDown[1])
        {
            RowSums.Run(gpu, _length, bottom[0].Count, new ColumnTerm(dy, _length), Blobs[1].MutableGpuDiff(gpu),
                add: true);
        }
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        RefuseInPlace(bottom, top);
        _length = Positive("num_output", _embed.NumOutput);
        _rows = Positive("input_dim", _embed.InputDim);
        if ((long)_rows * _length > int.MaxValue)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"input_dim {_rows} times num_output {_length} is above {int.MaxValue}");
        }

        int blobs = _embed.BiasTerm ? 2 : 1;
        if (Blobs.Count > 0 && Blobs.Count != blobs)
            throw Fail(ErrorCodes.BlobCount, $"{Blobs.Count} stored blob(s) came with the layer, which has {blobs}");
        LearnableBlob(0, [_rows, _length], _embed.WeightFiller);
        if (_embed.BiasTerm)
            LearnableBlob(1, [_length], _embed.BiasFiller);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        CheckIndices(bottom[0]);
        IndexedRows.Gather(
            Context.Device, Blobs[0].CpuData, bottom[0].CpuData, bottom[0].Count, _length,
            _embed.BiasTerm ? Blobs[1].CpuData : null, top[0].MutableCpuData);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RefuseGradient(propagateDown);
        int count = bottom[0].Count;
        if (ParamPropagateDown[0])
        {
            IndexedRows.ScatterAdd(
                Context.Device, top[0].CpuDiff, bottom[0].CpuData, count, _length, Blobs[0].MutableCpuDiff);
        }

        if (_embed.BiasTerm && ParamPropagateDown[1])
        {
            _biasGradient.Add(
                Context.Device, new ChannelLayout(count, _length, 1), top[0].CpuDiff, null, null, Blobs[1],
                addFactor: false, addSummand: true);
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
        if (propagateDown[0])
            throw Fail(ErrorCodes.BadNet, "no gradient goes to indices; write propagate_down: false");
    }

    private int Positive(string name, uint value) => value is > 0 and <= int.MaxValue
        ? (int)value
        : throw Fail(ErrorCodes.BadLayerParameter, $"{name} is {value}; it must be at least 1 and below 2^31");

    private void CheckIndices(Blob bottom)
    {
        ReadOnlySpan<float> indices = bottom.Data;
        for (int i = 0; i < indices.Length; i++)
        {
            // What lies above -1 is 0 without its fraction. A double has room for any number of rows.
            if (indices[i] > -1 && indices[i] < (double)_rows)
                continue;
            int positions = bottom.AxisCount > 0 ? bottom.CountFrom(1) : 1, item = i / positions;
            string place = positions == 1 ? $"item {item}" : $"item {item}, position {i % positions},";
            throw Fail(ErrorCodes.LabelOutOfRange,
                $"index {indices[i]} of {place} of the batch is none of the {_rows} rows (0 to {_rows - 1}); correct "
                + "the data or raise input_dim", FailureKind.Data, item);
        }
    }
}
