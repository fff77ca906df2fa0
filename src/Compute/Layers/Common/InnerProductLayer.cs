using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Fusion;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Fully connected layer: y = x * W^T + b, or x * W + b with <c>transpose</c>.
/// Bottom (M axes..., K axes...), cut at <c>axis</c>; top (M axes..., N). K is fixed when the layer is set up.
/// Blobs: weights (N, K), or (K, N) with <c>transpose</c>; bias (N).
/// <c>inner_product_param</c>: <c>num_output</c> N, <c>bias_term</c> true, <c>axis</c> 1, <c>transpose</c> false,
/// fillers.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("InnerProduct")]
public sealed unsafe class InnerProductLayer(LayerParameter parameter)
    : Layer(parameter), IGpuLayer, IRectifierHost, IChannelMapHost
{
    private readonly InnerProductParameter _inner = parameter.InnerProductParam ?? new InnerProductParameter();
    private int _axis;
    private int _m;
    private int _n;
    private int _k;
    private int[] _topShape = [];
    private FoldedWeights? _folded;

    // Of the outputs, where another layer's work is done here.
    private float? _slope;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) => GradientReads.Bottoms;

    /// <inheritdoc/>
    bool IRectifierHost.CanRectify => Gpu is null;

    /// <inheritdoc/>
    /// <remarks>It would be a pass of its own, as it is for the other layer.</remarks>
    bool IRectifierHost.CanRectifyGradient => false;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 2L * _m * _n * _k;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].AxisCount <= _axis || bottom[0].CountFrom(_axis) != _k)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"from axis {_axis} on the bottom must hold {_k} numbers, as when the layer was set up; it has the "
                + $"shape {bottom[0].ShapeString}");
        }

        _m = bottom[0].CountRange(0, _axis);
        if (_topShape.Length != _axis + 1 || !bottom[0].Shape[.._axis].SequenceEqual(_topShape.AsSpan(0, _axis)))
            _topShape = [.. bottom[0].Shape[.._axis], _n];
        top[0].Reshape(_topShape);
    }

    /// <inheritdoc/>
    void IRectifierHost.Rectify(float? slope, bool gradientToo) => _slope = slope;

    /// <inheritdoc/>
    long IChannelMapHost.FoldedBytes => _folded?.Bytes ?? 0;

    /// <inheritdoc/>
    bool IChannelMapHost.CanFold(int axis) => axis == _axis;

    /// <inheritdoc/>
    void IChannelMapHost.Fold(IReadOnlyList<IChannelMap> maps)
    {
        _folded?.Dispose();
        _folded = maps.Count == 0 ? null
            : new FoldedWeights(Blobs[0], _inner.BiasTerm ? Blobs[1] : null, _n, _inner.Transpose, maps);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        (Blob weights, Blob? bias) = ForwardBlobs();
        var x = new RowMatrix(bottom[0].GpuData(gpu), 0, _k);
        Values w = weights.GpuData(gpu);
        Values y = top[0].OverwriteGpuData(gpu);
        if (bias is not null)
            Product(new BiasedRowTarget(y, _n, bias.GpuData(gpu)));
        else
            Product(new RowTarget(y, 0, _n, 0, 0));

        void Product<TTarget>(TTarget target)
            where TTarget : struct, IGpuTarget
        {
            if (_inner.Transpose)
                GpuGemm.Run(gpu, 1, _m, _n, _k, x, new RowMatrix(w, 0, _n), target);
            else
                GpuGemm.Run(gpu, 1, _m, _n, _k, x, new ColumnMatrix(w, 0, _k), target);
        }
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        Values dy = top[0].GpuDiff(gpu);
        if (ParamPropagateDown[0])
        {
            Values x = bottom[0].GpuData(gpu), dw = Blobs[0].MutableGpuDiff(gpu);
            if (_inner.Transpose)
            {
                GpuGemm.Run(gpu, 1, _k, _n, _m, new ColumnMatrix(x, 0, _k), new RowMatrix(dy, 0, _n),
                    new RowTarget(dw, 0, _n, 0, 1));
            }
            else
            {
                GpuGemm.Run(gpu, 1, _n, _k, _m, new ColumnMatrix(dy, 0, _n), new RowMatrix(x, 0, _k),
                    new RowTarget(dw, 0, _k, 0, 1));
            }
        }

        if (_inner.BiasTerm && ParamPropagateDown[1])
            RowSums.Run(gpu, _n, _m, new ColumnTerm(dy, _n), Blobs[1].MutableGpuDiff(gpu), add: true);
        if (!propagateDown[0])
            return;
        Values w = Blobs[0].GpuData(gpu);
        var dx = new RowTarget(bottom[0].OverwriteGpuDiff(gpu), 0, _k, 0, 0);
        if (_inner.Transpose)
            GpuGemm.Run(gpu, 1, _m, _k, _n, new RowMatrix(dy, 0, _n), new ColumnMatrix(w, 0, _n), dx);
        else
            GpuGemm.Run(gpu, 1, _m, _k, _n, new RowMatrix(dy, 0, _n), new RowMatrix(w, 0, _k), dx);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        RefuseInPlace(bottom, top);
        if (_inner.NumOutput is 0 or > int.MaxValue)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"num_output is {_inner.NumOutput}; it must be at least 1 and below 2^31");
        }

        _n = (int)_inner.NumOutput;
        _axis = bottom[0].CanonicalAxis(_inner.Axis);
        _k = bottom[0].CountFrom(_axis);
        if (_k == 0)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the bottom has no numbers from axis {_axis} on; its shape is {bottom[0].ShapeString}");
        }

        int blobs = _inner.BiasTerm ? 2 : 1;
        if (Blobs.Count > 0 && Blobs.Count != blobs)
            throw Fail(ErrorCodes.BlobCount, $"{Blobs.Count} stored blob(s) came with the layer, which has {blobs}");
        LearnableBlob(0, _inner.Transpose ? [_k, _n] : [_n, _k], _inner.WeightFiller);
        if (_inner.BiasTerm)
            LearnableBlob(1, [_n], _inner.BiasFiller);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        (Blob weights, Blob? bias) = ForwardBlobs();
        Gemm.Run(
            Context.Device, false, !_inner.Transpose, _m, _n, _k, 1, bottom[0].CpuData, _k, weights.CpuData,
            _inner.Transpose ? _n : _k, 0, top[0].MutableCpuData, _n, bias is null ? null : bias.CpuData, _slope);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        CpuDevice device = Context.Device;
        float* dy = top[0].CpuDiff, x = bottom[0].CpuData;
        if (ParamPropagateDown[0])
        {
            float* dw = Blobs[0].CpuDiffToAddTo(out bool add);
            if (_inner.Transpose)
                Gemm.Run(device, true, false, _k, _n, _m, 1, x, _k, dy, _n, add ? 1 : 0, dw, _n);
            else
                Gemm.Run(device, true, false, _n, _k, _m, 1, dy, _n, x, _k, add ? 1 : 0, dw, _k);
        }

        if (_inner.BiasTerm && ParamPropagateDown[1])
            ColumnSums.Add(device, dy, _m, _n, Blobs[1].MutableCpuDiff);
        if (propagateDown[0])
        {
            Gemm.Run(
                device, false, _inner.Transpose, _m, _k, _n, 1, dy, _n, Blobs[0].CpuData,
                _inner.Transpose ? _n : _k, 0, bottom[0].MutableCpuDiff, _k);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _folded?.Dispose();
    }

    private (Blob Weights, Blob? Bias) ForwardBlobs()
    {
        if (_folded is null)
            return (Blobs[0], _inner.BiasTerm ? Blobs[1] : null);
        _folded.Refresh();
        return (_folded.Weights, _folded.Bias);
    }
}
