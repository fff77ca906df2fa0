using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Convolution;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers.Fusion;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Convolution;

/// <summary>
/// Convolution (cross-correlation, zero padding) over any number of spatial axes:
/// y[n, o, p] = b[o] + sum over the channels c of o's group and the kernel's cells q of
/// W[o, c, q] * x[n, c, p * stride - pad + q * dilation].
/// Bottoms (batch axes..., channels, spatial axes...), tops (batch axes..., num_output, output axes...) with output
/// length (input + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1, rounded towards zero.
/// Blobs: weights (num_output, channels / group, kernel axes...), bias (num_output).
/// <c>convolution_param</c>: <c>num_output</c>, <c>bias_term</c> true, <c>kernel_size</c> | <c>kernel_h</c>,
/// <c>kernel_w</c>, <c>stride</c> 1, <c>pad</c> 0, <c>dilation</c> 1, <c>group</c> 1, <c>axis</c> 1, fillers.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Convolution")]
public sealed unsafe class ConvolutionLayer(LayerParameter parameter)
    : BaseConvolutionLayer(parameter), IRectifierHost, IChannelMapHost, IWeightKeeper
{
    private FoldedWeights? _folded;

    // The weights as the kernel reads them, and what was written last when they were taken.
    private KeptWeights? _kept;
    private SyncedMemory? _keptOf;
    private long _keptVersion;

    // Of the outputs and of their gradient, where another layer's work is done here.
    private float? _slope;
    private float? _gradientSlope;

    /// <inheritdoc/>
    bool IRectifierHost.CanRectify => Gpu is null;

    /// <inheritdoc/>
    bool IRectifierHost.CanRectifyGradient => true;

    /// <inheritdoc/>
    long IWeightKeeper.KeptWeightBytes => Gpu is null ? Kernel.KeptBytes(Context.Device) : 0;

    /// <inheritdoc/>
    /// <remarks>Where it masks its gradient as a rectifier, its outputs say where.</remarks>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) =>
        _slope is null ? GradientReads.Bottoms : GradientReads.All;

    /// <inheritdoc/>
    public override void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        (Blob weightBlob, Blob? biasBlob) = ForwardBlobs();
        Values weights = weightBlob.GpuData(gpu);
        Values? bias = biasBlob?.GpuData(gpu);
        for (int i = 0; i < top.Length; i++)
            OnGpu.Forward(gpu, Images, bottom[i].GpuData(gpu), weights, bias, top[i].OverwriteGpuData(gpu));
    }

    /// <inheritdoc/>
    public override void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        for (int i = 0; i < top.Length; i++)
        {
            Values gradient = top[i].GpuDiff(gpu);
            if (HasBias && ParamPropagateDown[1])
            {
                GpuConvolution.BackwardBias(
                    gpu, Images, Outputs, Kernel.Geometry.OutputPlane, gradient, Blobs[1].MutableGpuDiff(gpu));
            }

            if (ParamPropagateDown[0])
                OnGpu.BackwardWeights(gpu, Images, bottom[i].GpuData(gpu), gradient, Blobs[0].MutableGpuDiff(gpu));
            if (propagateDown[i])
            {
                OnGpu.BackwardData(
                    gpu, Images, Blobs[0].GpuData(gpu), gradient, bottom[i].OverwriteGpuDiff(gpu));
            }
        }
    }

    /// <inheritdoc/>
    void IRectifierHost.Rectify(float? slope, bool gradientToo)
    {
        _slope = slope;
        _gradientSlope = gradientToo ? slope : null;
    }

    /// <inheritdoc/>
    long IChannelMapHost.FoldedBytes => _folded?.Bytes ?? 0;

    /// <inheritdoc/>
    bool IChannelMapHost.CanFold(int axis) => axis == ChannelAxis;

    /// <inheritdoc/>
    void IWeightKeeper.KeepWeights() => _kept ??= new KeptWeights();

    /// <inheritdoc/>
    void IChannelMapHost.Fold(IReadOnlyList<IChannelMap> maps)
    {
        _folded?.Dispose();
        _folded = maps.Count == 0 ? null
            : new FoldedWeights(Blobs[0], HasBias ? Blobs[1] : null, Outputs, outputsLast: false, maps);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        _folded?.Dispose();
        _kept?.Dispose();
    }

    /// <inheritdoc/>
    protected override (int First, int Second) WeightChannels() => (Outputs, Channels / Groups);

    /// <inheritdoc/>
    protected override int OutputLength(ConvolutionSettings settings, int axis, int input) =>
        settings.Axis(axis, input).Output;

    /// <inheritdoc/>
    protected override ConvolutionGeometry GeometryFor(ConvolutionSettings settings, ReadOnlySpan<int> input)
    {
        var axes = new SpatialAxis[input.Length];
        for (int a = 0; a < axes.Length; a++)
            axes[a] = settings.Axis(a, input[a]);
        return new ConvolutionGeometry(Groups, Channels, Outputs, axes);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        (Blob weightBlob, Blob? biasBlob) = ForwardBlobs();
        float* weights = weightBlob.CpuData, bias = biasBlob is null ? null : biasBlob.CpuData;
        Kernel.Kept = KeptOf(weightBlob.DataMemory);
        for (int i = 0; i < top.Length; i++)
            Kernel.Forward(Context.Device, Images, bottom[i].CpuData, weights, bias, top[i].MutableCpuData, _slope);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        for (int i = 0; i < top.Length; i++)
        {
            float* gradient = _gradientSlope is null ? top[i].CpuDiff : top[i].MutableCpuDiff;
            float* biasGradient = HasBias && ParamPropagateDown[1] ? Blobs[1].MutableCpuDiff : null;
            int plane = Kernel.Geometry.OutputPlane;
            if (_gradientSlope is { } slope)
            {
                ConvolutionKernel.BackwardRectified(
                    Context.Device, Images, Outputs, plane, top[i].CpuData, slope, gradient, biasGradient);
            }
            else if (biasGradient is not null)
            {
                ConvolutionKernel.BackwardBias(Context.Device, Images, Outputs, plane, gradient, biasGradient);
            }

            if (ParamPropagateDown[0])
            {
                float* weights = Blobs[0].CpuDiffToAddTo(out bool add);
                Kernel.BackwardWeights(Context.Device, Images, bottom[i].CpuData, gradient, weights, add);
            }

            if (propagateDown[i])
                Kernel.BackwardData(Context.Device, Images, Blobs[0].CpuData, gradient, bottom[i].MutableCpuDiff);
        }
    }

    private (Blob Weights, Blob? Bias) ForwardBlobs()
    {
        if (_folded is null)
            return (Blobs[0], HasBias ? Blobs[1] : null);
        _folded.Refresh();
        return (_folded.Weights, _folded.Bias);
    }

    private KeptWeights? KeptOf(SyncedMemory weights)
    {
        if (!ReferenceEquals(weights, _keptOf) || weights.Version != _keptVersion)
            _kept?.Invalidate();
        (_keptOf, _keptVersion) = (weights, weights.Version);
        return _kept;
    }
}
