using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Fusion;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Multiplies all elements of a channel by one value and, on request, adds another: y = x s + b; dx = dy s,
/// ds = sum of dy x over the channel, db = sum of dy.
/// Bottoms: x, and s where it is not learned; one top of the shape of x. In place works (x is then kept in a copy).
/// Blobs: s, of the shape of axes [axis, axis + num_axes) of x (none with two bottoms); b, of the shape of s, with
/// <c>bias_term</c>.
/// <c>scale_param</c>: <c>axis</c>, default 1; <c>num_axes</c>, default 1 (-1: to the end, 0: one value for all);
/// <c>filler</c>, default ones; <c>bias_term</c>, default false; <c>bias_filler</c>, default zeros.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Scale")]
public sealed unsafe class ScaleLayer(LayerParameter parameter)
    : ChannelwiseLayer(parameter), IGpuLayer, IChannelMap, IRectifierHost
{
    private readonly ScaleParameter _scale = parameter.ScaleParam ?? new ScaleParameter();
    private readonly ChannelGradient _gradient = new();

    // x as it was before it was overwritten in place.
    private readonly Blob _kept = new();
    private ChannelLayout _layout;
    private int? _mapAxis;

    // Of the results, where another layer's work is done here.
    private float? _slope;

    /// <inheritdoc/>
    int? IChannelMap.MapAxis => _mapAxis;

    /// <inheritdoc/>
    bool IRectifierHost.CanRectify => Gpu is null;

    /// <inheritdoc/>
    bool IRectifierHost.CanRectifyGradient => false;

    /// <inheritdoc/>
    public override GradientReads ReadsBackward(Blob[] bottom, Blob[] top) => GradientReads.Bottoms;

    /// <inheritdoc/>
    public override bool CanRecompute => true;

    /// <inheritdoc/>
    public override bool CopiesInPlace => true;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => top[0].Count * (_scale.BiasTerm ? 2L : 1L);

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        _layout = LayoutOf(bottom[0], ValuesOf(bottom), _scale.Axis);
        if (BiasOf(bottom) is { } bias && bias.Count != _layout.Channels)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the bias has the shape {bias.ShapeString}, but the scale is now {ValuesOf(bottom).ShapeString}");
        }

        _mapAxis = bottom.Length == 1 && Blobs[0].AxisCount == 1 ? bottom[0].CanonicalAxis(_scale.Axis) : null;
        top[0].ReshapeLike(bottom[0]);
        if (KeepsInput(bottom, top))
            _kept.ReshapeLike(bottom[0]);
    }

    /// <inheritdoc/>
    void IChannelMap.Compose(Span<double> factors, Span<double> summands)
    {
        ReadOnlySpan<float> scale = Blobs[0].Data, bias = _scale.BiasTerm ? Blobs[1].Data : default;
        for (int channel = 0; channel < factors.Length; channel++)
        {
            factors[channel] *= scale[channel];
            summands[channel] = (summands[channel] * scale[channel]) + (bias.IsEmpty ? 0 : bias[channel]);
        }
    }

    /// <inheritdoc/>
    void IRectifierHost.Rectify(float? slope, bool gradientToo) => _slope = slope;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        int[] shape = bottom.Length == 1
            ? LearnedShape(bottom[0], _scale.Axis, _scale.NumAxes)
            : bottom[1].Shape.ToArray();
        if (bottom.Length == 1)
            LearnableBlob(0, shape, _scale.Filler ?? new FillerParameter { Type = "constant", Value = 1 });
        if (_scale.BiasTerm)
            LearnableBlob(BiasIndex(bottom), shape, _scale.BiasFiller);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        float* scale = ValuesOf(bottom).CpuData, x = bottom[0].CpuData, y = top[0].MutableCpuData;
        Blob? biasBlob = BiasOf(bottom);
        float* bias = biasBlob is null ? null : biasBlob.CpuData;
        float* copy = KeepsInput(bottom, top) ? _kept.MutableCpuData : null;
        Elementwise.Run(
            Context.Device, _layout.Count, new ChannelAffine(_layout, x, y, copy, null, scale, bias, _slope));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        float* dy = top[0].CpuDiff;
        Blob? bias = BiasOf(bottom) is { } blob && ParamPropagateDown[BiasIndex(bottom)] ? blob : null;
        Blob? scale = (bottom.Length == 1 ? ParamPropagateDown[0] : propagateDown[1]) ? ValuesOf(bottom) : null;
        if (scale is not null || bias is not null)
        {
            float* x = scale is null ? null : bottom[0] == top[0] ? _kept.CpuData : bottom[0].CpuData;
            _gradient.Add(
                Context.Device, _layout, dy, x, scale, bias, addFactor: bottom.Length == 1, addSummand: true);
        }

        if (propagateDown[0])
        {
            Elementwise.Run(Context.Device, _layout.Count, new ChannelAffine(
                _layout, dy, bottom[0].MutableCpuDiff, null, null, ValuesOf(bottom).CpuData, null));
        }
        else if (scale is not null && LeavesProducts(bottom, top))
        {
            VectorMap.Run(
                Context.Device, _layout.Count, dy, bottom[0].CpuData, bottom[0].MutableCpuDiff, default(Product));
        }
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        Values scale = ValuesOf(bottom).GpuData(gpu), x = bottom[0].GpuData(gpu);
        Values bias = BiasOf(bottom) is { } blob ? blob.GpuData(gpu) : Values.None;
        Values copy = KeepsInput(bottom, top) ? _kept.OverwriteGpuData(gpu) : Values.None;
        ChannelAffineKernel.Run(
            gpu, _layout.Count, _layout.OnGpu, x, top[0].OverwriteGpuData(gpu), copy, scale: scale, bias: bias);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        Values dy = top[0].GpuDiff(gpu);
        ChannelElement places = _layout.OnGpu;
        int channels = _layout.Channels, terms = (int)_layout.PerChannel;
        bool isLearned = bottom.Length == 1, wanted = isLearned ? ParamPropagateDown[0] : propagateDown[1];
        if (wanted)
        {
            Values x = (bottom[0] == top[0] ? _kept : bottom[0]).GpuData(gpu);
            Values ds = isLearned ? Blobs[0].MutableGpuDiff(gpu) : bottom[1].OverwriteGpuDiff(gpu);
            RowSums.Run(gpu, channels, terms, new ChannelProductTerm(dy, x, places), ds, add: isLearned);
        }

        if (BiasOf(bottom) is { } bias && ParamPropagateDown[BiasIndex(bottom)])
        {
            RowSums.Run(gpu, channels, terms, new ChannelTerm(dy, places), bias.MutableGpuDiff(gpu), add: true);
        }

        if (propagateDown[0])
        {
            ChannelAffineKernel.Run(gpu, _layout.Count, places, dy, bottom[0].OverwriteGpuDiff(gpu),
                scale: ValuesOf(bottom).GpuData(gpu));
        }
        else if (wanted && LeavesProducts(bottom, top))
        {
            GpuMap.Run(gpu, _layout.Count, dy, bottom[0].GpuData(gpu), bottom[0].OverwriteGpuDiff(gpu),
                default(GpuProduct));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _kept.Dispose();
    }

    private bool KeepsInput(Blob[] bottom, Blob[] top) =>
        KeepsForGradient && bottom[0] == top[0] && (bottom.Length == 2 || ParamPropagateDown[0]);

    // Caffe works out ds in the diff of a bottom that wants no gradient, and leaves it: who compares diffs (net run
    // --backward) finds the same numbers.
    private bool LeavesProducts(Blob[] bottom, Blob[] top) =>
        ValuesOf(bottom).Count != _layout.Count && bottom[0] != top[0];

    private static int BiasIndex(Blob[] bottom) => bottom.Length == 1 ? 1 : 0;

    private Blob ValuesOf(Blob[] bottom) => bottom.Length == 1 ? Blobs[0] : bottom[1];

    private Blob? BiasOf(Blob[] bottom) => _scale.BiasTerm ? Blobs[BiasIndex(bottom)] : null;

    internal readonly struct GpuProduct : IGpuFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Invoke(float a, float b) => a * b;
    }

    private readonly struct Product : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> a, Vector512<float> b) => a * b;
    }
}
