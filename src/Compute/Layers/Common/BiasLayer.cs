using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Adds one value to all elements of a channel: y = x + b; dx = dy, db = sum of dy over the channel.
/// Bottoms: x, and b where it is not learned; one top of the shape of x. In place works. Blob: b, of the shape of
/// axes [axis, axis + num_axes) of x; none with two bottoms.
/// <c>bias_param</c>: <c>axis</c>, default 1; <c>num_axes</c>, default 1 (-1: to the end, 0: one value for all);
/// <c>filler</c>, default zeros.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Bias")]
public sealed unsafe class BiasLayer(LayerParameter parameter) : ChannelwiseLayer(parameter), IGpuLayer
{
    private readonly BiasParameter _bias = parameter.BiasParam ?? new BiasParameter();
    private readonly ChannelGradient _gradient = new();
    private ChannelLayout _layout;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        _layout = LayoutOf(bottom[0], ValuesOf(bottom), _bias.Axis);
        top[0].ReshapeLike(bottom[0]);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        if (bottom.Length == 1)
            LearnableBlob(0, LearnedShape(bottom[0], _bias.Axis, _bias.NumAxes), _bias.Filler);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        float* bias = ValuesOf(bottom).CpuData, x = bottom[0].CpuData, y = top[0].MutableCpuData;
        Elementwise.Run(Context.Device, _layout.Count, new ChannelAffine(_layout, x, y, null, null, null, bias));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        float* dy = top[0].CpuDiff;
        bool learned = bottom.Length == 1;
        if (learned ? ParamPropagateDown[0] : propagateDown[1])
        {
            _gradient.Add(
                Context.Device, _layout, dy, null, null, ValuesOf(bottom), addFactor: false, addSummand: learned);
        }

        if (propagateDown[0] && bottom[0] != top[0])
            StridedCopy.Run(Context.Device, dy, bottom[0].MutableCpuDiff, _layout.Count);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        Values x = bottom[0].GpuData(gpu);
        ChannelAffineKernel.Run(gpu, _layout.Count, _layout.OnGpu, x, top[0].OverwriteGpuData(gpu),
            bias: ValuesOf(bottom).GpuData(gpu));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        Values dy = top[0].GpuDiff(gpu);
        bool isLearned = bottom.Length == 1;
        if (isLearned ? ParamPropagateDown[0] : propagateDown[1])
        {
            Values db = isLearned ? Blobs[0].MutableGpuDiff(gpu) : bottom[1].OverwriteGpuDiff(gpu);
            RowSums.Run(gpu, _layout.Channels, (int)_layout.PerChannel, new ChannelTerm(dy, _layout.OnGpu), db,
                add: isLearned);
        }

        if (propagateDown[0] && bottom[0] != top[0])
            gpu.Run(_layout.Count, new CopyBody(dy, bottom[0].OverwriteGpuDiff(gpu)));
    }

    private Blob ValuesOf(Blob[] bottom) => bottom.Length == 1 ? Blobs[0] : bottom[1];
}
