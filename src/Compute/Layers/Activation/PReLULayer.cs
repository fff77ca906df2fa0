using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Common;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Activation;

/// <summary>
/// Parametric rectified linear unit: y = max(x, 0) + a * min(x, 0) with a learned slope a for each channel;
/// dx = dy where x > 0, else a * dy; da = sum of dy * min(x, 0) over the channel.
/// One bottom (N, C, ...) and one top of the same shape; in place works (a copy of x is kept). Blob: a, shape (C), or a
/// scalar with <c>channel_shared</c>.
/// <c>prelu_param</c>: <c>filler</c>, default constant 0.25; <c>channel_shared</c>, one slope for all channels, default
/// false.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("PReLU")]
public sealed unsafe class PReLULayer(LayerParameter parameter) : InputNeuronLayer(parameter), IGpuLayer
{
    private readonly bool _shared = parameter.PreluParam?.ChannelShared ?? false;
    private double[] _sums = [];
    private double[] _unused = [];
    private ChannelLayout _layout;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].AxisCount < 2)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the bottom needs at least 2 axes, the second of them channels; it has the shape "
                + bottom[0].ShapeString);
        }

        if (!_shared && bottom[0].Dim(1) != Blobs[0].Count)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"it has slopes of {Blobs[0].Count} channels, but the bottom is {bottom[0].ShapeString}");
        }

        base.Reshape(bottom, top);
        _layout = _shared ? new ChannelLayout(1, 1, bottom[0].Count) : ChannelLayout.Of(bottom[0], 1, 2);
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        FillerParameter filler =
            Parameter.PreluParam?.Filler ?? new FillerParameter { Type = "constant", Value = 0.25f };
        int channels = bottom[0].AxisCount > 1 ? bottom[0].Dim(1) : 1;
        LearnableBlob(0, _shared ? [] : [channels], filler);
        _sums = new double[Blobs[0].Count];
        _unused = new double[Blobs[0].Count];
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        Elementwise.Run(Context.Device, top[0].Count, new ValueBody(
            _layout, bottom[0].CpuData, top[0].MutableCpuData, Blobs[0].CpuData));
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        float* x = InputOf(bottom, top).CpuData, dy = top[0].CpuDiff;
        // Before dx, which in place overwrites dy.
        if (ParamPropagateDown[0] && top[0].Count > 0)
        {
            ChannelSums.Run<SlopeTerm>(Context.Device, _layout, dy, x, null, _sums, _unused);
            Span<float> gradient = Blobs[0].MutableDiff;
            for (int channel = 0; channel < gradient.Length; channel++)
                gradient[channel] += (float)_sums[channel];
        }

        if (propagateDown[0])
        {
            Elementwise.Run(Context.Device, top[0].Count, new GradientBody(
                _layout, x, dy, bottom[0].MutableCpuDiff, Blobs[0].CpuData));
        }
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        KeepInput(bottom, top);
        Values slopes = Blobs[0].GpuData(gpu);
        gpu.Run(top[0].Count,
            new GpuValue(bottom[0].GpuData(gpu), top[0].OverwriteGpuData(gpu), slopes, _layout.OnGpu));
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        Values x = InputOf(bottom, top).GpuData(gpu), dy = top[0].GpuDiff(gpu);
        if (ParamPropagateDown[0])
        {
            RowSums.Run(gpu, _layout.Channels, (int)_layout.PerChannel,
                new GpuSlopeTerm(x, dy, _layout.OnGpu), Blobs[0].MutableGpuDiff(gpu), add: true);
        }

        if (propagateDown[0])
        {
            gpu.Run(top[0].Count, new GpuGradient(
                x, dy, bottom[0].OverwriteGpuDiff(gpu), Blobs[0].GpuData(gpu), _layout.OnGpu));
        }
    }

    internal readonly struct GpuValue(Values x, Values y, Values slopes, ChannelElement places) : IGpuBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i)
        {
            float value = x[i];
            y.Set(i, value > 0 ? value : slopes[places.ChannelOf(i)] * value);
        }
    }

    internal readonly struct GpuGradient(Values x, Values dy, Values dx, Values slopes, ChannelElement places)
        : IGpuBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i) => dx.Set(i, x[i] > 0 ? dy[i] : slopes[places.ChannelOf(i)] * dy[i]);
    }

    internal readonly struct GpuSlopeTerm(Values x, Values dy, ChannelElement places) : IGpuTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float At(int row, int k)
        {
            int i = places.At(row, k);
            return dy[i] * (x[i] > 0 ? 0 : x[i]);
        }
    }

    // Sum of a * min(b, 0).
    private readonly struct SlopeTerm : IChannelTerm
    {
        public static bool ReadsB => true;

        public static float Neutral(float center) => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Add(
            Vector512<double> a, Vector512<double> b, Vector512<double> center,
            ref Vector512<double> first, ref Vector512<double> second) =>
            first = Vector512.FusedMultiplyAdd(a, Vector512.Min(b, Vector512<double>.Zero), first);
    }

    private readonly struct ValueBody(ChannelLayout layout, float* x, float* y, float* slopes) : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            for (int i = from; i < to;)
            {
                (int count, int channel) = layout.RunAt(i, to);
                for (int j = 0; j < count; j += Lanes.Count)
                {
                    int lanes = count - j;
                    Vector512<float> a = layout.IsInterleaved
                        ? Lanes.Load(slopes + channel + j, lanes)
                        : Vector512.Create(slopes[channel]);
                    Vector512<float> value = Lanes.Load(x + i + j, lanes), zero = Vector512<float>.Zero;
                    Lanes.Store(Vector512.Max(value, zero) + (a * Vector512.Min(value, zero)), y + i + j, lanes);
                }

                i += count;
            }
        }
    }

    private readonly struct GradientBody(ChannelLayout layout, float* x, float* dy, float* dx, float* slopes)
        : IRangeBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            for (int i = from; i < to;)
            {
                (int count, int channel) = layout.RunAt(i, to);
                for (int j = 0; j < count; j += Lanes.Count)
                {
                    int lanes = count - j;
                    Vector512<float> a = layout.IsInterleaved
                        ? Lanes.Load(slopes + channel + j, lanes)
                        : Vector512.Create(slopes[channel]);
                    Vector512<float> gradient = Lanes.Load(dy + i + j, lanes);
                    Vector512<float> positive =
                        Vector512.GreaterThan(Lanes.Load(x + i + j, lanes), Vector512<float>.Zero);
                    Lanes.Store(Vector512.ConditionalSelect(positive, gradient, a * gradient), dx + i + j, lanes);
                }

                i += count;
            }
        }
    }
}
