using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Convolution;
using CaffeActors.Compute.Blobs;
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
public sealed unsafe class ConvolutionLayer(LayerParameter parameter) : BaseConvolutionLayer(parameter)
{
    /// <inheritdoc/>
    public override void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        Values weights = Blobs[0].GpuData(gpu);
        Values? bias = HasBias ? Blobs[1].GpuData(gpu) : null;
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
        float* weights = Blobs[0].CpuData, bias = HasBias ? Blobs[1].CpuData : null;
        for (int i = 0; i < top.Length; i++)
            Kernel.Forward(Context.Device, Images, bottom[i].CpuData, weights, bias, top[i].MutableCpuData);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        for (int i = 0; i < top.Length; i++)
        {
            float* gradient = top[i].CpuDiff;
            if (HasBias && ParamPropagateDown[1])
            {
                ConvolutionKernel.BackwardBias(
                    Context.Device, Images, Outputs, Kernel.Geometry.OutputPlane, gradient, Blobs[1].MutableCpuDiff);
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
}
