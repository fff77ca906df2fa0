using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// Multinomial logistic loss of a softmax: p = softmax(x) along an axis; loss = sum over the positions whose label is
/// not ignored of -w[label] * ln max(p[label], FLT_MIN), divided by the normalizer;
/// dx = w[label] * (p - onehot(label)) * loss weight / normalizer, 0 at ignored positions.
/// Bottoms: scores; labels 0 to K - 1, one for each position (any shape of that count, the same axis 0); if there is a
/// third one, the classes' weights w, K values of any shape (without it all are 1). The normalizer counts positions,
/// not weights.
/// Tops: the loss, a scalar; if named, the probabilities too: no gradient comes back from them.
/// <c>softmax_param.axis</c>, default 1; <c>loss_param</c>: <c>ignore_label</c>, default none; <c>normalization</c>,
/// default VALID; <c>normalize</c>, its older form; <c>label_smoothing</c> e in [0, 1), default 0: the target of a
/// position is (1 - e) onehot(label) + e / K.
/// A label that is no class fails with <see cref="ErrorCodes.LabelOutOfRange"/> and the item's index.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("SoftmaxWithLoss")]
public sealed unsafe class SoftmaxWithLossLayer(LayerParameter parameter)
    : SoftmaxLossLayer(parameter), ISaturatingLoss
{
    // FLT_MIN, the least normal float: a position costs at most 87.34.
    internal const float LeastProbability = 1.17549435e-38f;

    // That of the means that label smoothing compares with.
    private const int MeansSlot = 1;

    private LabelSmoothing _smoothing;

    /// <inheritdoc/>
    float? ISaturatingLoss.Greatest => Parameter.Bottom.Count < 3 && NormalizationOf()
        is LossParameter.Types.NormalizationMode.Valid or LossParameter.Types.NormalizationMode.Full
        ? -MathF.Log(LeastProbability) : null;

    /// <inheritdoc/>
    protected override int Axis => Parameter.SoftmaxParam?.Axis ?? 1;

    private float Epsilon => Parameter.LossParam?.LabelSmoothing ?? 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        if (bottom.Length > 2 && bottom[2].Count != Split.Classes)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the third bottom holds the weights of the {Split.Classes} classes (axis "
                + $"{bottom[0].CanonicalAxis(Axis)} of {bottom[0].ShapeString}), one for each, but has the shape "
                + bottom[2].ShapeString);
        }

        _smoothing = new LabelSmoothing(Epsilon, Split, Rule);
    }

    /// <inheritdoc/>
    /// <remarks>Those of the softmax: five a score.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 5L * bottom[0].Count;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        base.LayerSetUp(bottom, top);
        if (!(Epsilon >= 0 && Epsilon < 1))
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"loss_param.label_smoothing must lie in [0, 1), not be {Epsilon}");
        }
    }

    /// <inheritdoc/>
    protected override double LossCpu(float* p, Blob[] bottom)
    {
        float* labels = bottom[1].CpuData, weights = WeightsOf(bottom);
        double loss = BlockSum.Run(Context.Device, Split.Count, new LossBody(p, labels, weights, Split, Rule));
        return _smoothing.IsOn ? loss + _smoothing.Loss(Context.Device, p, labels, weights) : loss;
    }

    /// <inheritdoc/>
    protected override void GradientCpu(float* p, Blob[] bottom, float* dx, float scale)
    {
        float* labels = bottom[1].CpuData, weights = WeightsOf(bottom);
        if (Split.Inner == 1)
            Context.Device.Pool.Run(new RowGradient(p, labels, weights, dx, scale, Split, Rule), Split.Tasks);
        else
            Context.Device.Pool.Run(new ColumnGradient(p, labels, weights, dx, scale, Split, Rule), Split.Tasks);
        if (_smoothing.IsOn)
            _smoothing.AddGradient(Context.Device, labels, weights, dx, scale);
    }

    /// <inheritdoc/>
    protected override void LossGpu(GpuDevice gpu, Values p, Blob[] bottom, Values loss, float scale)
    {
        var axis = new ClassAxis(Split.Classes, Split.Inner);
        Values means = Values.None;
        if (_smoothing.IsOn)
        {
            means = gpu.Scratch.Get(MeansSlot, Split.Count);
            ClassSums.Run(gpu, Split.Count, axis, new SoftmaxLogTerm(axis, p), means, 1f / Split.Classes);
        }

        var term = new SoftmaxLossTerm(axis, p, LabelsOf(gpu, bottom), WeightsOf(gpu, bottom), means, Epsilon);
        RowSums.Run(gpu, 1, Split.Count, term, loss, scale);
    }

    /// <inheritdoc/>
    protected override void GradientGpu(GpuDevice gpu, Values p, Blob[] bottom, Values dx, LossScale scale) =>
        gpu.Run(bottom[0].Count, new SoftmaxLossGradient(
            new ClassAxis(Split.Classes, Split.Inner), p, LabelsOf(gpu, bottom), WeightsOf(gpu, bottom), dx, scale,
            Epsilon));

    private static GpuWeights WeightsOf(GpuDevice gpu, Blob[] bottom) =>
        new(bottom.Length > 2 ? bottom[2].GpuData(gpu) : Values.None);

    private GpuLabels LabelsOf(GpuDevice gpu, Blob[] bottom) => Rule.On(bottom[1].GpuData(gpu));

    // Null where all weights are 1.
    private static float* WeightsOf(Blob[] bottom) => bottom.Length > 2 ? bottom[2].CpuData : null;

    private readonly struct LossBody(float* p, float* labels, float* weights, PositionSplit split, LabelRule rule)
        : ISumBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Invoke(int from, int to)
        {
            double loss = 0;
            for (int position = from; position < to; position++)
            {
                int label = rule.ClassOf(labels[position]);
                if (label < 0)
                    continue;
                double cost = -Math.Log(Math.Max(p[split.IndexOf(position, label)], LeastProbability));
                loss += weights is null ? cost : weights[label] * cost;
            }

            return loss;
        }
    }

    private readonly struct RowGradient(
        float* p, float* labels, float* weights, float* dx, float scale, PositionSplit split, LabelRule rule)
        : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            (int from, int to) = split.Of(task);
            int classes = split.Classes;
            for (long row = from; row < to; row++)
            {
                float* source = p + (row * classes), target = dx + (row * classes);
                int label = rule.ClassOf(labels[row]);
                if (label < 0)
                {
                    new Span<float>(target, classes).Clear();
                    continue;
                }

                float factor = weights is null ? scale : weights[label] * scale;
                for (int c = 0; c < classes; c += 16)
                {
                    int lanes = Math.Min(16, classes - c);
                    Lanes.Store(Lanes.Load(source + c, lanes) * factor, target + c, lanes);
                }

                target[label] = (source[label] - 1) * factor;
            }
        }
    }

    private readonly struct ColumnGradient(
        float* p, float* labels, float* weights, float* dx, float scale, PositionSplit split, LabelRule rule)
        : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            (int position, int to) = split.Of(task);
            while (position < to)
            {
                (long offset, int length) = split.Run(position, to);
                for (int i = 0; i < length; i += 16)
                    Column(p + offset + i, labels + position + i, dx + offset + i, Math.Min(16, length - i));
                position += length;
            }
        }

        // Zero by masking: an ignored position's NaN must not reach the gradient.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Column(float* source, float* label, float* target, int lanes)
        {
            long inner = split.Inner;
            int classes = split.Classes;
            int* chosen = stackalloc int[16];
            float* factors = stackalloc float[16];
            for (int lane = 0; lane < lanes; lane++)
            {
                chosen[lane] = rule.ClassOf(label[lane]);
                factors[lane] = weights is null || chosen[lane] < 0 ? scale : weights[chosen[lane]] * scale;
            }

            Vector512<float> factor = Vector512.Load(factors);
            Vector512<float> taken =
                Vector512.GreaterThanOrEqual(Vector512.Load(chosen), Vector512<int>.Zero).AsSingle();
            for (int c = 0; c < classes; c++)
            {
                Vector512<float> gradient = (Lanes.Load(source + (c * inner), lanes) * factor) & taken;
                Lanes.Store(gradient, target + (c * inner), lanes);
            }

            for (int lane = 0; lane < lanes; lane++)
            {
                long at = (chosen[lane] * inner) + lane;
                if (chosen[lane] >= 0)
                    target[at] = (source[at] - 1) * factors[lane];
            }
        }
    }
}
