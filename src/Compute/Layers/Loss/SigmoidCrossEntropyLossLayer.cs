using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.LossParameter.Types;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// Cross entropy of independent probabilities s = 1 / (1 + e^-x) and targets t, usually 0 to 1: loss = sum over the
/// targets not ignored of -(t ln s + (1 - t) ln(1 - s)), divided by the normalizer; dx = (s - t) * loss weight /
/// normalizer, 0 at ignored targets. It is computed from x itself, so that no score is too large.
/// Bottoms: scores, and targets of equally many values and the same first dimension. Top: the loss, a scalar.
/// <c>loss_param</c>: <c>ignore_label</c>, default none, is compared with the target without its fraction;
/// <c>normalization</c>, default BATCH_SIZE here; <c>normalize</c>, its older form.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("SigmoidCrossEntropyLoss")]
public sealed unsafe class SigmoidCrossEntropyLossLayer(LayerParameter parameter) : LossLayer(parameter), IGpuLayer
{
    private readonly Ignored _ignored = new(parameter.LossParam);
    private float _normalizer = 1;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        if (bottom[0].Count != bottom[1].Count)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"there must be one target for each score, but the scores are {bottom[0].ShapeString} and the targets "
                + bottom[1].ShapeString);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Eight a score, among them an exponential and a logarithm.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 8L * bottom[0].Count;

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        _normalizer = NormalizerOf(bottom);
        var term = new PairTerm<GpuLoss>(bottom[0].GpuData(gpu), bottom[1].GpuData(gpu), new GpuLoss(_ignored.OnGpu));
        RowSums.Run(gpu, 1, bottom[0].Count, term, top[0].OverwriteGpuData(gpu), 1 / _normalizer);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        GpuMap.Run(gpu, bottom[0].Count, bottom[0].GpuData(gpu), bottom[1].GpuData(gpu),
            bottom[0].OverwriteGpuDiff(gpu),
            new GpuGradient(new LossScale(top[0].GpuDiff(gpu), _normalizer), _ignored.OnGpu));
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        int count = bottom[0].Count;
        float* x = bottom[0].CpuData, t = bottom[1].CpuData;
        double loss = BlockSum.Run(Context.Device, count, new LossBody(x, t, _ignored));
        _normalizer = NormalizerOf(bottom);
        top[0].MutableData[0] = (float)(loss / _normalizer);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        VectorMap.Run(Context.Device, bottom[0].Count, bottom[0].CpuData, bottom[1].CpuData, bottom[0].MutableCpuDiff,
            new Gradient(top[0].Diff[0] / _normalizer, _ignored));
    }

    // Targets are counted on the CPU, where they come from as a rule, and only if their number matters; those that a
    // layer made on an accelerator are copied for it.
    private float NormalizerOf(Blob[] bottom)
    {
        NormalizationMode mode = NormalizationOf(NormalizationMode.BatchSize);
        int valid = bottom[0].Count;
        if (_ignored.Any && mode == NormalizationMode.Valid)
            valid = (int)BlockSum.Run(Context.Device, valid, new ValidBody(bottom[1].CpuData, _ignored));
        return Normalizer(mode, bottom[0].Dim(0), bottom[0].CountFrom(1), valid);
    }

    internal readonly struct GpuIgnored(int any, int label)
    {
        public bool Counts(float target) => any == 0 || (int)target != label;
    }

    // max(x, 0) - x t + ln(1 + e^-|x|): no exponential of a positive number.
    internal readonly struct GpuLoss(GpuIgnored ignored) : IGpuFunction2
    {
        public float Invoke(float x, float t)
        {
            if (!ignored.Counts(t))
                return 0;
            float e = GpuMath.Exp(-GpuMath.Abs(x));
            // ln(1 + e): what 1 + e rounds away is put back.
            float u = e + 1, rest = (e - (u - 1)) / u;
            return GpuMath.Log(u) + rest - (x * (x >= 0 ? t - 1 : t));
        }
    }

    internal readonly struct GpuGradient(LossScale scale, GpuIgnored ignored) : IGpuFunction2
    {
        public float Invoke(float x, float t) =>
            ignored.Counts(t) ? (GpuMath.Sigmoid(x) - t) * scale.Value : 0;
    }

    // Which targets take no part.
    private readonly struct Ignored(LossParameter? loss)
    {
        private readonly int _label = loss?.IgnoreLabel ?? 0;

        public bool Any { get; } = loss is { HasIgnoreLabel: true };

        public GpuIgnored OnGpu => new(Any ? 1 : 0, _label);

        // All bits set where a target counts.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Counted(Vector512<float> targets) => Any
            ? ~Vector512.Equals(Vector512.ConvertToInt32(targets), Vector512.Create(_label)).AsSingle()
            : Vector512<float>.AllBitsSet;
    }

    private readonly struct ValidBody(float* t, Ignored ignored) : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            Vector512<int> valid = Vector512<int>.Zero;
            for (int i = from; i < to; i += 16)
            {
                int lanes = Math.Min(16, to - i);
                valid -= (ignored.Counted(Lanes.Load(t + i, lanes)) & Lanes.First(lanes)).AsInt32();
            }

            return Vector512.Sum(valid);
        }
    }

    // max(x, 0) - x t + ln(1 + e^-|x|): no exponential of a positive number.
    private readonly struct LossBody(float* x, float* t, Ignored ignored) : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            Vector512<double> sums = default;
            for (int i = from; i < to; i += 16)
            {
                int lanes = Math.Min(16, to - i);
                Vector512<float> scores = Lanes.Load(x + i, lanes), targets = Lanes.Load(t + i, lanes);
                Vector512<float> e = VectorMath.Exp(-Vector512.Abs(scores));
                // ln(1 + e): what 1 + e rounds away is put back.
                Vector512<float> u = e + Vector512<float>.One;
                Vector512<float> rest = (e - (u - Vector512<float>.One)) / u;
                Vector512<float> positive = Vector512.GreaterThanOrEqual(scores, Vector512<float>.Zero)
                    & Vector512<float>.One;
                Vector512<float> loss = VectorMath.Log(u) + rest - (scores * (targets - positive));
                loss &= ignored.Counted(targets) & Lanes.First(lanes);
                (Vector512<double> low, Vector512<double> high) = Vector512.Widen(loss);
                sums += low + high;
            }

            return Vector512.Sum(sums);
        }
    }

    private readonly struct Gradient(float scale, Ignored ignored) : IVectorFunction2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Invoke(Vector512<float> x, Vector512<float> t) =>
            ((VectorMath.Sigmoid(x) - t) * scale) & ignored.Counted(t);
    }
}
