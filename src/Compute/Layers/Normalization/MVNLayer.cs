using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Common;
using CaffeActors.Compute.Schema;
using ILGPU.Algorithms;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>
/// Mean and variance normalization: y = x - mean, divided by (deviation + eps) with <c>normalize_variance</c>; mean and
/// deviation (the root of the biased variance) are those of a channel of an image, or of the whole image with
/// <c>across_channels</c>. dx = (dy - avg(dy) - avg(dy y) y) / (deviation + eps); without the variance
/// dy - avg(dy).
/// One bottom of at most four axes; one top of exactly four, (N, C, H, W), missing ones 1. In place works (a copy of x
/// is kept). No blobs.
/// <c>mvn_param</c>: <c>normalize_variance</c>, default true; <c>across_channels</c>, default false; <c>eps</c>,
/// default 1e-9.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("MVN")]
public sealed unsafe class MVNLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly MVNParameter _mvn = parameter.MvnParam ?? new MVNParameter();

    // x as it was before it was overwritten in place.
    private readonly Blob _kept = new();
    private readonly Blob _mean = new();
    private readonly Blob _inverse = new();
    private readonly Blob _slope = new();
    private readonly Blob _offset = new();
    private double[] _first = [];
    private double[] _second = [];

    // The groups that are normalized, as channels.
    private ChannelLayout _layout;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) =>
        top[0].Count * (_mvn.NormalizeVariance ? 5L : 2L);

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        Blob x = bottom[0];
        if (x.AxisCount > 4)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"it works on at most 4 axes, (N, C, H, W); the bottom has the shape {x.ShapeString}");
        }

        int images = x.Num, channels = x.Channels, height = x.Height, width = x.Width;
        int groups = _mvn.AcrossChannels ? images : images * channels;
        _layout = new ChannelLayout(1, groups, (_mvn.AcrossChannels ? channels : 1) * height * width);
        top[0].Reshape(images, channels, height, width);
        if (bottom[0] == top[0])
            _kept.ReshapeLike(bottom[0]);
        foreach (Blob blob in (ReadOnlySpan<Blob>)[_mean, _inverse, _slope, _offset])
            blob.Reshape(groups);
        if (_first.Length < groups)
            (_first, _second) = (new double[groups], new double[groups]);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (top[0].Count == 0)
            return;
        int groups = _layout.Channels, inner = _layout.Inner;
        Values x = bottom[0].GpuData(gpu);
        Values shift = gpu.Scratch.Get(NormalizationKernels.ShiftSlot, groups);
        Values squares = gpu.Scratch.Get(NormalizationKernels.SquaresSlot, groups);
        ChannelMoments.Run(gpu, groups, inner, inner, x, shift, squares);
        gpu.Run(groups, new GroupStatistics(x, shift, squares, _mean.OverwriteGpuData(gpu),
            _inverse.OverwriteGpuData(gpu), inner, _mvn.NormalizeVariance ? 1f / inner : -1, _mvn.Eps));
        Values copy = bottom[0] == top[0] ? _kept.OverwriteGpuData(gpu) : Values.None;
        ChannelAffineKernel.Run(gpu, _layout.Count, _layout.OnGpu, x, top[0].OverwriteGpuData(gpu), copy,
            _mean.GpuData(gpu), _inverse.GpuData(gpu));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || top[0].Count == 0)
            return;
        Values x = (bottom[0] == top[0] ? _kept : bottom[0]).GpuData(gpu);
        NormalizationKernels.Gradient(gpu, _layout, x, top[0].GpuDiff(gpu), bottom[0].OverwriteGpuDiff(gpu),
            _mean.GpuData(gpu), _inverse.GpuData(gpu), _mvn.NormalizeVariance);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (top[0].Count == 0)
            return;
        float* x = bottom[0].CpuData, copy = bottom[0] == top[0] ? _kept.MutableCpuData : null;
        TakeStatistics(x);
        Elementwise.Run(Context.Device, top[0].Count, new ChannelAffine(
            _layout, x, top[0].MutableCpuData, copy, _mean.CpuData, _inverse.CpuData, null));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || top[0].Count == 0)
            return;
        // From x, not from y: a layer after this one may have overwritten y in place.
        float* x = bottom[0] == top[0] ? _kept.CpuData : bottom[0].CpuData;
        float* dy = top[0].CpuDiff;
        ChannelSums.Run<Products>(Context.Device, _layout, dy, x, _mean.CpuData, _first, _second);
        ReadOnlySpan<float> inverse = _inverse.Data;
        Span<float> slope = _slope.MutableData, offset = _offset.MutableData;
        for (int group = 0; group < slope.Length; group++)
        {
            double r = inverse[group];
            slope[group] = _mvn.NormalizeVariance ? (float)(-r * r * r * (_second[group] / _layout.PerChannel)) : 0;
            offset[group] = (float)(-_first[group] / _layout.PerChannel);
        }

        Elementwise.Run(Context.Device, top[0].Count, new NormalizationGradient(
            _layout, x, dy, bottom[0].MutableCpuDiff, _mean.CpuData, _inverse.CpuData, _slope.CpuData,
            _offset.CpuData));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        foreach (Blob blob in (ReadOnlySpan<Blob>)[_kept, _mean, _inverse, _slope, _offset])
            blob.Dispose();
    }

    private void TakeStatistics(float* x)
    {
        Span<float> mean = _mean.MutableData, inverse = _inverse.MutableData;
        // Sums about an element of the group keep their digits where the mean is far larger than the deviation.
        for (int group = 0; group < mean.Length; group++)
            mean[group] = x[(long)group * _layout.Inner];
        ChannelSums.Run<Moments>(Context.Device, _layout, x, null, _mean.CpuData, _first, _second);
        double count = _layout.PerChannel;
        for (int group = 0; group < mean.Length; group++)
        {
            double shift = _first[group] / count;
            double variance = Math.Max(0, (_second[group] / count) - (shift * shift));
            mean[group] += (float)shift;
            inverse[group] = _mvn.NormalizeVariance ? (float)(1 / (Math.Sqrt(variance) + _mvn.Eps)) : 1;
        }
    }

    // A share below 0: the variance does not matter.
    internal readonly struct GroupStatistics(
        Values x, Values shift, Values squares, Values mean, Values inverse, int inner, float share, float eps)
        : IGpuBody
    {
        public void Invoke(int i)
        {
            mean.Set(i, x[i * inner] + shift[i]);
            inverse.Set(i, share < 0 ? 1 : 1 / (XMath.Sqrt(squares[i] * share) + eps));
        }
    }
}
