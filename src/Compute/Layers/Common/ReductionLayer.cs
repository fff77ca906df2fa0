using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using Operation = CaffeActors.Compute.Schema.ReductionParameter.Types.ReductionOp;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// Reduces all axes from one on to a single value: y = coeff * sum of f(x), f(x) = x (SUM), |x| (ASUM), x^2 (SUMSQ), or
/// x / n with n values reduced (MEAN). dx = dy * coeff * f'(x), with sign(0) = 0 for ASUM.
/// One bottom of any shape; one top: the axes before <c>axis</c>, a scalar for axis 0. Not in place.
/// <c>reduction_param</c>: <c>operation</c>, default SUM; <c>axis</c>, default 0, negative ones count from the end;
/// <c>coeff</c>, default 1.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("Reduction")]
public sealed unsafe class ReductionLayer(LayerParameter parameter) : Layer(parameter), IGpuLayer
{
    private readonly ReductionParameter _reduction = parameter.ReductionParam ?? new ReductionParameter();
    private double[] _sums = [];
    private double[] _squares = [];
    private int _rows;
    private int _length;

    // What the sum of a row is multiplied by.
    private float _factor;

    /// <inheritdoc/>
    public override int ExactBottoms => 1;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) =>
        (_reduction.Operation == Operation.Sumsq ? 2L : 1L) * bottom[0].Count;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        // Of a scalar there is only axis 0, which it does not have: it is reduced to itself.
        int axis = bottom[0].AxisCount == 0 && _reduction.Axis == 0 ? 0 : bottom[0].CanonicalAxis(_reduction.Axis);
        top[0].Reshape(bottom[0].Shape[..axis]);
        _rows = top[0].Count;
        _length = bottom[0].CountFrom(axis);
        bool isMean = _reduction.Operation == Operation.Mean;
        _factor = isMean ? _reduction.Coeff / Math.Max(1, _length) : _reduction.Coeff;
        if (_sums.Length < _rows)
            (_sums, _squares) = (new double[_rows], new double[_rows]);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        Values x = bottom[0].GpuData(gpu), y = top[0].OverwriteGpuData(gpu);
        if (_reduction.Operation == Operation.Asum)
            RowSums.Run(gpu, _rows, _length, new AbsoluteTerm(x, _length), y, _factor);
        else if (_reduction.Operation == Operation.Sumsq)
            RowSums.Run(gpu, _rows, _length, new SquareTerm(x, _length), y, _factor);
        else
            RowSums.Run(gpu, _rows, _length, new PlainTerm(x, _length), y, _factor);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        Values x = bottom[0].GpuData(gpu), dy = top[0].GpuDiff(gpu), dx = bottom[0].OverwriteGpuDiff(gpu);
        int count = bottom[0].Count;
        if (_reduction.Operation == Operation.Asum)
            gpu.Run(count, new GpuGradient<GpuSign>(x, dy, dx, _length, _factor));
        else if (_reduction.Operation == Operation.Sumsq)
            gpu.Run(count, new GpuGradient<GpuValue>(x, dy, dx, _length, 2 * _factor));
        else
            gpu.Run(count, new GpuGradient<GpuUnit>(x, dy, dx, _length, _factor));
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top) => RefuseInPlace(bottom, top);

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        Span<float> y = top[0].MutableData;
        if (bottom[0].Count == 0)
        {
            y.Clear();
            return;
        }

        var layout = new ChannelLayout(1, _rows, _length);
        float* x = bottom[0].CpuData;
        if (_reduction.Operation == Operation.Asum)
            ChannelSums.Run<AbsoluteSum>(Context.Device, layout, x, null, null, _sums, _squares);
        else if (_reduction.Operation == Operation.Sumsq)
            ChannelSums.Run<SquareSum>(Context.Device, layout, x, null, null, _sums, _squares);
        else
            ChannelSums.Run<PlainSum>(Context.Device, layout, x, null, null, _sums, _squares);
        for (int row = 0; row < y.Length; row++)
            y[row] = (float)(_factor * _sums[row]);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        if (!propagateDown[0])
            return;
        float* x = bottom[0].CpuData, dy = top[0].CpuDiff, dx = bottom[0].MutableCpuDiff;
        int count = bottom[0].Count;
        if (_reduction.Operation == Operation.Asum)
            Elementwise.Run(Context.Device, count, new Gradient<SignSlope>(x, dy, dx, _length, _factor));
        else if (_reduction.Operation == Operation.Sumsq)
            Elementwise.Run(Context.Device, count, new Gradient<LinearSlope>(x, dy, dx, _length, 2 * _factor));
        else
            Elementwise.Run(Context.Device, count, new Gradient<UnitSlope>(x, dy, dx, _length, _factor));
    }

    internal readonly struct PlainTerm(Values x, int length) : IGpuTerm
    {
        public float At(int row, int k) => x[(row * length) + k];
    }

    internal readonly struct AbsoluteTerm(Values x, int length) : IGpuTerm
    {
        public float At(int row, int k) => ILGPU.IntrinsicMath.Abs(x[(row * length) + k]);
    }

    internal readonly struct SquareTerm(Values x, int length) : IGpuTerm
    {
        public float At(int row, int k) => x[(row * length) + k] * x[(row * length) + k];
    }

    internal readonly struct GpuUnit : IGpuFunction
    {
        public float Invoke(float x) => 1;
    }

    internal readonly struct GpuSign : IGpuFunction
    {
        public float Invoke(float x) => x > 0 ? 1 : x < 0 ? -1 : 0;
    }

    internal readonly struct GpuValue : IGpuFunction
    {
        public float Invoke(float x) => x;
    }

    internal readonly struct GpuGradient<TSlope>(Values x, Values dy, Values dx, int length, float factor) : IGpuBody
        where TSlope : struct, IGpuFunction
    {
        public void Invoke(int i) => dx.Set(i, dy[i / length] * factor * default(TSlope).Invoke(x[i]));
    }

    private readonly struct AbsoluteSum : IChannelTerm
    {
        public static bool ReadsB => false;

        public static float Neutral(float center) => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Add(
            Vector512<double> a, Vector512<double> b, Vector512<double> center,
            ref Vector512<double> first, ref Vector512<double> second) => first += Vector512.Abs(a);
    }

    private readonly struct SquareSum : IChannelTerm
    {
        public static bool ReadsB => false;

        public static float Neutral(float center) => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Add(
            Vector512<double> a, Vector512<double> b, Vector512<double> center,
            ref Vector512<double> first, ref Vector512<double> second) =>
            first = Vector512.FusedMultiplyAdd(a, a, first);
    }

    private readonly struct UnitSlope : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => Vector512<float>.One;
    }

    private readonly struct SignSlope : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => VectorMath.Sign(x);
    }

    private readonly struct LinearSlope : IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x) => x;
    }

    private readonly struct Gradient<TSlope>(float* x, float* dy, float* dx, int length, float factor) : IRangeBody
        where TSlope : struct, IVectorFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int from, int to)
        {
            TSlope slope = default;
            for (int i = from; i < to;)
            {
                int row = i / length, end = (int)Math.Min((row + 1L) * length, to);
                float scale = dy[row] * factor;
                for (; i + Lanes.Count <= end; i += Lanes.Count)
                    (scale * slope.Invoke(Vector512.Load(x + i))).Store(dx + i);
                if (i < end)
                    Lanes.Store(scale * slope.Invoke(Lanes.Load(x + i, end - i)), dx + i, end - i);
                i = end;
            }
        }
    }
}
