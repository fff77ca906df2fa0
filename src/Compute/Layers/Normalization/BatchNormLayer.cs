using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Common;
using CaffeActors.Compute.Layers.Fusion;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;
using ILGPU.Algorithms;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>
/// Batch normalization without scale and shift (Ioffe, Szegedy: Batch normalization, 2015): for each channel
/// y = (x - mean) / sqrt(variance + eps). In training mean and variance (the biased one) are the batch's, and
/// running sums are kept: w = f w + 1, m = f m + mean, v = f v + n / (n - 1) * variance with n elements of the
/// channel in the batch. With global statistics they are m / w and v / w, both 0 where w is 0.
/// dx = (dy - avg(dy) - avg(dy y) y) / sqrt(variance + eps); with global statistics dy / sqrt(variance + eps).
/// One bottom (N, C, ...), one top of the same shape; of a bottom of one axis all elements are one channel.
/// In place works. Blobs: m (C), v (C), w (1); statistics, so their lr_mult must be 0, which is what it becomes where
/// it is not written.
/// <c>batch_norm_param</c>: <c>use_global_stats</c>, default true in phase TEST only;
/// <c>moving_average_fraction</c> f, default 0.999; <c>eps</c>, default 1e-5.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("BatchNorm")]
public sealed unsafe class BatchNormLayer(LayerParameter parameter)
    : Layer(parameter), IGpuLayer, IChannelMap, IChannelMapHost, IRectifierHost
{
    private const int Statistics = 3;

    private readonly BatchNormParameter _norm = parameter.BatchNormParam ?? new BatchNormParameter();

    // x as it was before it was overwritten in place.
    private readonly Blob _kept = new();
    private readonly Blob _mean = new();
    private readonly Blob _inverse = new();

    // Of the backward pass: the factors of x - mean, and what is added.
    private readonly Blob _slope = new();
    private readonly Blob _offset = new();
    private double[] _first = [];
    private double[] _second = [];
    private ChannelLayout _layout;
    private bool _isFlat;

    // Work of the layers behind this one that is done here: maps, with room for their numbers, and a rectifier.
    private IChannelMap[] _maps = [];
    private float? _rectifierSlope;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    int? IChannelMap.MapAxis => UsesGlobal && !_isFlat ? 1 : null;

    /// <inheritdoc/>
    bool IRectifierHost.CanRectify => Gpu is null;

    /// <inheritdoc/>
    bool IRectifierHost.CanRectifyGradient => false;

    private bool UsesGlobal => _norm.HasUseGlobalStats ? _norm.UseGlobalStats : Phase == Phase.Test;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) =>
        UsesGlobal || bottom[0] == top[0] ? GradientReads.None : GradientReads.Bottoms;

    /// <inheritdoc/>
    public override bool CanRecompute => true;

    /// <inheritdoc/>
    public override bool CopiesInPlace => !UsesGlobal;

    /// <inheritdoc/>
    public override bool ChangesBlobs => !UsesGlobal;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => top[0].Count * (UsesGlobal ? 2L : 5L);

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        ChannelLayout layout = LayoutOf(bottom[0]);
        if (layout.Channels != Blobs[0].Count)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"it has statistics of {Blobs[0].Count} channels, but the bottom is {bottom[0].ShapeString}");
        }

        _layout = layout;
        _isFlat = bottom[0].AxisCount == 1;
        top[0].ReshapeLike(bottom[0]);
        if (bottom[0] == top[0] && !UsesGlobal)
            _kept.ReshapeLike(bottom[0]);
    }

    /// <inheritdoc/>
    void IChannelMap.Compose(Span<double> factors, Span<double> summands)
    {
        TakeGlobal();
        ReadOnlySpan<float> mean = _mean.Data, inverse = _inverse.Data;
        for (int channel = 0; channel < factors.Length; channel++)
        {
            factors[channel] *= inverse[channel];
            summands[channel] = (summands[channel] - mean[channel]) * inverse[channel];
        }
    }

    /// <inheritdoc/>
    /// <remarks>Nothing but what its own gradient would take.</remarks>
    long IChannelMapHost.FoldedBytes => 0;

    /// <inheritdoc/>
    bool IChannelMapHost.CanFold(int axis) => Gpu is null && ((IChannelMap)this).MapAxis == axis;

    /// <inheritdoc/>
    void IChannelMapHost.Fold(IReadOnlyList<IChannelMap> maps) => _maps = [.. maps];

    /// <inheritdoc/>
    void IRectifierHost.Rectify(float? slope, bool gradientToo) => _rectifierSlope = slope;

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        if (bottom[0].Count == 0)
            return;
        Values x = bottom[0].GpuData(gpu);
        if (UsesGlobal)
        {
            gpu.Run(_mean.Count, new GlobalStatistics(
                Blobs[0].GpuData(gpu), Blobs[1].GpuData(gpu), Blobs[2].GpuData(gpu), _mean.OverwriteGpuData(gpu),
                _inverse.OverwriteGpuData(gpu), _norm.Eps));
        }
        else
        {
            TakeBatch(gpu, x);
        }

        Values copy = bottom[0] == top[0] && !UsesGlobal ? _kept.OverwriteGpuData(gpu) : Values.None;
        ChannelAffineKernel.Run(gpu, _layout.Count, _layout.OnGpu, x, top[0].OverwriteGpuData(gpu), copy,
            _mean.GpuData(gpu), _inverse.GpuData(gpu));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || bottom[0].Count == 0)
            return;
        Values dy = top[0].GpuDiff(gpu), dx = bottom[0].OverwriteGpuDiff(gpu), inverse = _inverse.GpuData(gpu);
        if (UsesGlobal)
        {
            ChannelAffineKernel.Run(gpu, _layout.Count, _layout.OnGpu, dy, dx, scale: inverse);
            return;
        }

        Values x = (bottom[0] == top[0] ? _kept : bottom[0]).GpuData(gpu);
        NormalizationKernels.Gradient(gpu, _layout, x, dy, dx, _mean.GpuData(gpu), inverse);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        for (int i = 0; i < Statistics; i++)
        {
            if (i >= Parameter.Param.Count)
            {
                Parameter.Param.Add(new ParamSpec { LrMult = 0 });
            }
            else if (Parameter.Param[i].LrMult != 0)
            {
                throw Fail(ErrorCodes.BadLayerParameter,
                    $"param {i} has lr_mult {Parameter.Param[i].LrMult}, but the blobs are statistics and not learned; "
                    + "write lr_mult: 0, or no param at all (a Scale layer after this one learns scale and shift)");
            }
        }

        int channels = LayoutOf(bottom[0]).Channels;
        LearnableBlob(0, [channels], null);
        LearnableBlob(1, [channels], null);
        LearnableBlob(2, [1], null);
        foreach (Blob blob in (ReadOnlySpan<Blob>)[_mean, _inverse, _slope, _offset])
            blob.Reshape(channels);
        _first = new double[channels];
        _second = new double[channels];
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].Count == 0)
            return;
        if (UsesGlobal)
            TakeGlobal();
        else
            TakeBatch(bottom[0].CpuData);
        if (_maps.Length > 0)
            FoldMaps();
        Recompute(bottom, top);
    }

    /// <inheritdoc/>
    /// <remarks>With the statistics of the last pass.</remarks>
    protected internal override void Recompute(Blob[] bottom, Blob[] top)
    {
        float* bias = _maps.Length > 0 ? _offset.CpuData : null;
        float* x = bottom[0].CpuData, y = top[0].MutableCpuData;
        float* copy = bottom[0] == top[0] && !UsesGlobal && KeepsForGradient ? _kept.MutableCpuData : null;
        Elementwise.Run(Context.Device, _layout.Count,
            new ChannelAffine(_layout, x, y, copy, _mean.CpuData, _inverse.CpuData, bias, _rectifierSlope));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0] || bottom[0].Count == 0)
            return;
        float* dy = top[0].CpuDiff, dx = bottom[0].MutableCpuDiff;
        if (UsesGlobal)
        {
            Elementwise.Run(Context.Device, _layout.Count,
                new ChannelAffine(_layout, dy, dx, null, null, _inverse.CpuData, null));
            return;
        }

        // With d = x - mean and r = 1 / sqrt(variance + eps), y is d r, so
        // dx = r (dy + offset) + slope d, slope = -r^3 avg(dy d), offset = -avg(dy).
        float* x = bottom[0] == top[0] ? _kept.CpuData : bottom[0].CpuData;
        ChannelSums.Run<Products>(Context.Device, _layout, dy, x, _mean.CpuData, _first, _second);
        ReadOnlySpan<float> inverse = _inverse.Data;
        Span<float> slope = _slope.MutableData, offset = _offset.MutableData;
        for (int channel = 0; channel < slope.Length; channel++)
        {
            double r = inverse[channel];
            slope[channel] = (float)(-r * r * r * (_second[channel] / _layout.PerChannel));
            offset[channel] = (float)(-_first[channel] / _layout.PerChannel);
        }

        Elementwise.Run(Context.Device, _layout.Count, new NormalizationGradient(
            _layout, x, dy, dx, _mean.CpuData, _inverse.CpuData, _slope.CpuData, _offset.CpuData));
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

    private ChannelLayout LayoutOf(Blob bottom) => bottom.AxisCount switch
    {
        0 => throw Fail(ErrorCodes.ShapeMismatch, "a scalar has no channels to normalize"),
        1 => new(1, 1, bottom.Count),
        _ => ChannelLayout.Of(bottom, 1, 2),
    };

    private void TakeGlobal()
    {
        float weight = Blobs[2].Scalar, factor = weight == 0 ? 0 : 1 / weight;
        ReadOnlySpan<float> means = Blobs[0].Data, variances = Blobs[1].Data;
        Span<float> mean = _mean.MutableData, inverse = _inverse.MutableData;
        for (int channel = 0; channel < mean.Length; channel++)
        {
            mean[channel] = factor * means[channel];
            inverse[channel] = 1 / MathF.Sqrt((factor * variances[channel]) + _norm.Eps);
        }
    }

    // (x - mean) * inverse, with the maps behind it, is (x - mean) * factor + summand.
    private void FoldMaps()
    {
        Span<float> inverse = _inverse.MutableData, offset = _offset.MutableData;
        for (int channel = 0; channel < inverse.Length; channel++)
            (_first[channel], _second[channel]) = (inverse[channel], 0);
        foreach (IChannelMap map in _maps)
            map.Compose(_first, _second);
        for (int channel = 0; channel < inverse.Length; channel++)
            (inverse[channel], offset[channel]) = ((float)_first[channel], (float)_second[channel]);
    }

    private void TakeBatch(GpuDevice gpu, Values x)
    {
        int channels = _layout.Channels;
        float count = _layout.PerChannel;
        Values shift = gpu.Scratch.Get(NormalizationKernels.ShiftSlot, channels);
        Values squares = gpu.Scratch.Get(NormalizationKernels.SquaresSlot, channels);
        ChannelMoments.Run(gpu, channels, _layout.Inner, (int)_layout.PerChannel, x, shift, squares);
        gpu.Run(channels, new BatchStatistics(
            x, shift, squares, _layout.Inner, _mean.OverwriteGpuData(gpu), _inverse.OverwriteGpuData(gpu), 1 / count,
            _norm.Eps, Blobs[0].MutableGpuData(gpu), Blobs[1].MutableGpuData(gpu), Blobs[2].MutableGpuData(gpu),
            count > 1 ? 1 / (count - 1) : 1, _norm.MovingAverageFraction));
    }

    private void TakeBatch(float* x)
    {
        Span<float> mean = _mean.MutableData, inverse = _inverse.MutableData;
        // Sums about an element of the channel keep their digits where the mean is far larger than the deviation.
        for (int channel = 0; channel < mean.Length; channel++)
            mean[channel] = x[(long)channel * _layout.Inner];
        ChannelSums.Run<Moments>(Context.Device, _layout, x, null, _mean.CpuData, _first, _second);

        float fraction = _norm.MovingAverageFraction;
        double count = _layout.PerChannel, unbias = count > 1 ? count / (count - 1) : 1;
        Span<float> means = Blobs[0].MutableData, variances = Blobs[1].MutableData, weight = Blobs[2].MutableData;
        weight[0] = (fraction * weight[0]) + 1;
        for (int channel = 0; channel < mean.Length; channel++)
        {
            double shift = _first[channel] / count;
            double variance = Math.Max(0, (_second[channel] / count) - (shift * shift));
            mean[channel] += (float)shift;
            inverse[channel] = (float)(1 / Math.Sqrt(variance + _norm.Eps));
            means[channel] = (fraction * means[channel]) + mean[channel];
            variances[channel] = (fraction * variances[channel]) + (float)(unbias * variance);
        }
    }

    internal readonly struct GlobalStatistics(
        Values means, Values variances, Values weight, Values mean, Values inverse, float eps) : IGpuBody
    {
        public void Invoke(int i)
        {
            float factor = weight[0] == 0 ? 0 : 1 / weight[0];
            mean.Set(i, factor * means[i]);
            inverse.Set(i, 1 / XMath.Sqrt((factor * variances[i]) + eps));
        }
    }

    // Those of the batch, and the running ones.
    internal readonly struct BatchStatistics(
        Values x, Values shift, Values squares, int inner, Values mean, Values inverse, float share, float eps,
        Values means, Values variances, Values weight, float unbiasedShare, float fraction) : IGpuBody
    {
        public void Invoke(int i)
        {
            float average = x[i * inner] + shift[i];
            mean.Set(i, average);
            inverse.Set(i, 1 / XMath.Sqrt((squares[i] * share) + eps));
            means.Set(i, (fraction * means[i]) + average);
            variances.Set(i, (fraction * variances[i]) + (squares[i] * unbiasedShare));
            if (i == 0)
                weight.Set(0, (fraction * weight[0]) + 1);
        }
    }
}
