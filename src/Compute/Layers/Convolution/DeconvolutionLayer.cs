using CaffeActors.Compute.Backends.Cpu.Convolution;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Convolution;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Convolution;

/// <summary>
/// Transposed convolution over any number of spatial axes: each number of the bottom adds its multiple of the kernel to
/// the top, y[n, o, p * stride - pad + q * dilation] += W[c, o, q] * x[n, c, p] over the channels c of o's group, and
/// y starts from b[o]. So it does forward what <see cref="ConvolutionLayer"/> does for its data gradient.
/// Bottoms (batch axes..., channels, spatial axes...), tops (batch axes..., num_output, output axes...) with output
/// length stride * (input - 1) + dilation * (kernel - 1) + 1 - 2 * pad.
/// Blobs: weights (channels, num_output / group, kernel axes...), bias (num_output).
/// <c>convolution_param</c>: <c>num_output</c>, <c>bias_term</c> true, <c>kernel_size</c> | <c>kernel_h</c>,
/// <c>kernel_w</c>, <c>stride</c> 1, <c>pad</c> 0, <c>dilation</c> 1, <c>group</c> 1, <c>axis</c> 1, fillers.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Deconvolution")]
public sealed unsafe class DeconvolutionLayer(LayerParameter parameter) : BaseConvolutionLayer(parameter)
{
    /// <inheritdoc/>
    protected override IReadOnlyList<ConvolutionPass> PassesOfKernel { get; } =
        [ConvolutionPass.DataGradient, ConvolutionPass.Forward, ConvolutionPass.WeightGradient];

    /// <inheritdoc/>
    public override void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        Values weights = Blobs[0].GpuData(gpu);
        Values? bias = HasBias ? Blobs[1].GpuData(gpu) : null;
        for (int i = 0; i < top.Length; i++)
            OnGpu.BackwardData(gpu, Images, weights, bottom[i].GpuData(gpu), top[i].OverwriteGpuData(gpu), bias);
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
                    gpu, Images, Outputs, Kernel.Geometry.InputPlane, gradient, Blobs[1].MutableGpuDiff(gpu));
            }

            if (ParamPropagateDown[0])
                OnGpu.BackwardWeights(gpu, Images, gradient, bottom[i].GpuData(gpu), Blobs[0].MutableGpuDiff(gpu));
            if (propagateDown[i])
            {
                OnGpu.Forward(
                    gpu, Images, gradient, Blobs[0].GpuData(gpu), null, bottom[i].OverwriteGpuDiff(gpu));
            }
        }
    }

    /// <inheritdoc/>
    protected override (int First, int Second) WeightChannels() => (Channels, Outputs / Groups);

    /// <inheritdoc/>
    protected override int OutputLength(ConvolutionSettings settings, int axis, int input)
    {
        // An empty kernel position beyond the last input would count as one.
        if (input == 0)
            return 0;
        long extent = ((long)settings.Dilation[axis] * (settings.Kernel[axis] - 1)) + 1;
        long length = ((long)settings.Stride[axis] * (input - 1)) + extent - (2L * settings.Pad[axis]);
        return length <= int.MaxValue
            ? (int)length
            : throw Fail(ErrorCodes.ShapeMismatch,
                $"along spatial axis {axis} the output would have the length {length}: stride {settings.Stride[axis]} "
                + $"is too large for the input of {input}");
    }

    /// <inheritdoc/>
    protected override ConvolutionGeometry GeometryFor(ConvolutionSettings settings, ReadOnlySpan<int> input)
    {
        var axes = new SpatialAxis[input.Length];
        for (int a = 0; a < axes.Length; a++)
            axes[a] = settings.Axis(a, OutputLength(settings, a, input[a]));
        return new ConvolutionGeometry(Groups, Outputs, Channels, axes);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        float* weights = Blobs[0].CpuData, bias = HasBias ? Blobs[1].CpuData : null;
        for (int i = 0; i < top.Length; i++)
            Kernel.BackwardData(Context.Device, Images, weights, bottom[i].CpuData, top[i].MutableCpuData, bias);
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
                    Context.Device, Images, Outputs, Kernel.Geometry.InputPlane, gradient, Blobs[1].MutableCpuDiff);
            }

            if (ParamPropagateDown[0])
            {
                float* weights = Blobs[0].CpuDiffToAddTo(out bool add);
                Kernel.BackwardWeights(Context.Device, Images, gradient, bottom[i].CpuData, weights, add);
            }

            if (propagateDown[i])
            {
                Kernel.Forward(
                    Context.Device, Images, gradient, Blobs[0].CpuData, null, bottom[i].MutableCpuDiff);
            }
        }
    }
}
