using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>
/// Local response normalization (Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional
/// neural networks, 2012). ACROSS_CHANNELS: y = x s^-beta with s = k + alpha / size * sum of x^2 over the size
/// channels around x. WITHIN_CHANNEL: y = x q^-beta with q = 1 + alpha / size^2 * sum of x^2 over the size x size
/// places around x; k does not count. What lies outside counts as 0.
/// One bottom (N, C, H, W), one top of the same shape; in place works.
/// <c>lrn_param</c>: <c>local_size</c> size, odd, default 5; <c>alpha</c>, default 1; <c>beta</c>, default 0.75;
/// <c>k</c>, default 1; <c>norm_region</c>, default ACROSS_CHANNELS.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("LRN")]
public sealed unsafe class LRNLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly LRNParameter _lrn = parameter.LrnParam ?? new LRNParameter();

    // x as it was before it was overwritten in place.
    private readonly Blob _kept = new();

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    private bool IsAcross => _lrn.NormRegion == LRNParameter.Types.NormRegion.AcrossChannels;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) =>
        bottom[0] == top[0] ? GradientReads.None : GradientReads.Bottoms;

    /// <inheritdoc/>
    public override bool CanRecompute => true;

    /// <inheritdoc/>
    public override bool CopiesInPlace => true;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) =>
        (long)top[0].Count * ((IsAcross ? _lrn.LocalSize : 2L * _lrn.LocalSize) + 6);

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].AxisCount != 4)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"it normalizes blobs of 4 axes (N, C, H, W), but its bottom has the shape {bottom[0].ShapeString}");
        }

        top[0].ReshapeLike(bottom[0]);
        if (bottom[0] == top[0])
            _kept.ReshapeLike(bottom[0]);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (bottom[0].Count == 0)
            return;
        if (bottom[0] == top[0])
            _kept.CopyGpuDataFrom(gpu, bottom[0]);
        Values x = Source(bottom, top).GpuData(gpu);
        gpu.Run(bottom[0].Count, new GpuLrnForward(OnGpu(bottom[0]), x, top[0].OverwriteGpuData(gpu)));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        int count = bottom[0].Count;
        if (!propagateDown[0] || count == 0)
            return;
        Values x = Source(bottom, top).GpuData(gpu), dy = top[0].GpuDiff(gpu);
        Values passed = gpu.Scratch.Get(0, count), ratio = gpu.Scratch.Get(1, count);
        float factor = IsAcross ? Across(bottom[0]).GradientScale : Within(bottom[0]).GradientScale;
        gpu.Run(count, new GpuLrnRatio(OnGpu(bottom[0]), x, dy, passed, ratio));
        gpu.Run(count, new GpuLrnGradient(
            OnGpu(bottom[0]), x, passed, ratio, factor, bottom[0].OverwriteGpuDiff(gpu)));
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (_lrn.LocalSize % 2 == 0)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"local_size is {_lrn.LocalSize}; it must be odd, so that a window has a middle");
        }
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].Count == 0)
            return;
        float* x = bottom[0].CpuData, y = top[0].MutableCpuData;
        float* copy = bottom[0] == top[0] ? _kept.MutableCpuData : null;
        if (_lrn.Beta == 0.75f)
            Forward(bottom[0], x, y, copy, default(InverseThreeQuarters));
        else
            Forward(bottom[0], x, y, copy, new InverseAnyPower(_lrn.Beta));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || bottom[0].Count == 0)
            return;
        float* x = bottom[0] == top[0] ? _kept.CpuData : bottom[0].CpuData;
        float* dy = top[0].CpuDiff, dx = bottom[0].MutableCpuDiff;
        if (_lrn.Beta == 0.75f)
            Backward(bottom[0], x, dy, dx, default(InverseThreeQuarters));
        else
            Backward(bottom[0], x, dy, dx, new InverseAnyPower(_lrn.Beta));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _kept.Dispose();
    }

    private void Forward<TPower>(Blob bottom, float* x, float* y, float* copy, TPower power)
        where TPower : struct, IInversePower
    {
        Workspace workspace = Context.Device.Workspace;
        if (IsAcross)
            RunAcross(bottom, new AcrossForward<TPower>(Across(bottom), power, x, y, copy, workspace));
        else
            RunWithin(bottom, new WithinForward<TPower>(Within(bottom), power, x, y, copy, workspace));
    }

    private void Backward<TPower>(Blob bottom, float* x, float* dy, float* dx, TPower power)
        where TPower : struct, IInversePower
    {
        Workspace workspace = Context.Device.Workspace;
        if (IsAcross)
            RunAcross(bottom, new AcrossBackward<TPower>(Across(bottom), power, x, dy, dx, workspace));
        else
            RunWithin(bottom, new WithinBackward<TPower>(Within(bottom), power, x, dy, dx, workspace));
    }

    private void RunAcross<TBody>(Blob bottom, TBody body)
        where TBody : struct, IRowBody
    {
        AcrossShape shape = Across(bottom);
        long work = (long)shape.Channels * Math.Min(shape.Pixels, AcrossShape.BlockPixels);
        Rowwise.Run(Context.Device, bottom.Dim(0) * shape.Blocks, work, body);
    }

    private void RunWithin<TBody>(Blob bottom, TBody body)
        where TBody : struct, IRowBody =>
        Rowwise.Run(Context.Device, bottom.CountRange(0, 2), bottom.CountFrom(2), body);

    private Blob Source(Blob[] bottom, Blob[] top) => bottom[0] == top[0] ? _kept : bottom[0];

    private GpuLrnWindow OnGpu(Blob bottom) => IsAcross
        ? new(bottom.Dim(1), bottom.Dim(2), bottom.Dim(3), Across(bottom).Half, 0, _lrn.K, Across(bottom).SumScale,
            _lrn.Beta)
        : new(bottom.Dim(1), bottom.Dim(2), bottom.Dim(3), 0, Within(bottom).Half, 1, Within(bottom).SumScale,
            _lrn.Beta);

    // A window that reaches over all channels from everywhere need not be wider.
    private AcrossShape Across(Blob bottom) => new(
        bottom.Dim(1), bottom.CountFrom(2), (int)Math.Min((_lrn.LocalSize - 1) / 2, (uint)bottom.Dim(1) - 1),
        _lrn.K, _lrn.Alpha / _lrn.LocalSize, 2 * _lrn.Alpha * _lrn.Beta / _lrn.LocalSize);

    private WithinShape Within(Blob bottom)
    {
        float area = (float)_lrn.LocalSize * _lrn.LocalSize;
        int reach = Math.Max(bottom.Dim(2), bottom.Dim(3)) - 1;
        return new(
            bottom.Dim(2), bottom.Dim(3), (int)Math.Min((_lrn.LocalSize - 1) / 2, (uint)reach),
            _lrn.Alpha / area, 2 * _lrn.Alpha * _lrn.Beta / area);
    }
}
