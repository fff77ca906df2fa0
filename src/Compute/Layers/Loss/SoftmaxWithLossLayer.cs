using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
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
public sealed unsafe class SoftmaxWithLossLayer(LayerParameter parameter) : LossLayer(parameter)
{
    // FLT_MIN, the least normal float: a position costs at most 87.34.
    private const float LeastProbability = 1.17549435e-38f;

    private readonly Blob _probabilities = new();
    private PositionSplit _split;
    private int _outer;
    private LabelRule _rule;
    private LabelSmoothing _smoothing;
    private float _normalizer;

    /// <inheritdoc/>
    public override int ExactBottoms => -1;

    /// <inheritdoc/>
    public override int MinBottoms => 2;

    /// <inheritdoc/>
    public override int MaxBottoms => 3;

    /// <inheritdoc/>
    public override int ExactTops => -1;

    /// <inheritdoc/>
    public override int MinTops => 1;

    /// <inheritdoc/>
    public override int MaxTops => 2;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => bottom == 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        Blob scores = bottom[0];
        int axis = scores.CanonicalAxis(Parameter.SoftmaxParam?.Axis ?? 1);
        _outer = scores.CountRange(0, axis);
        _split = new PositionSplit(_outer, scores.Dim(axis), scores.CountFrom(axis + 1));
        if (LabelRule.Misfit(scores, axis, bottom[1]) is { } misfit)
            throw Fail(ErrorCodes.ShapeMismatch, misfit);
        if (bottom.Length > 2 && bottom[2].Count != _split.Classes)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"the third bottom holds the weights of the {_split.Classes} classes (axis {axis} of "
                + $"{scores.ShapeString}), one for each, but has the shape {bottom[2].ShapeString}");
        }

        LossParameter? loss = Parameter.LossParam;
        _rule = new LabelRule(scores.Dim(axis), loss is { HasIgnoreLabel: true } ? loss.IgnoreLabel : null);
        _smoothing = new LabelSmoothing(loss?.LabelSmoothing ?? 0, _split, _rule);
        Probabilities(top).ReshapeLike(scores);
    }

    /// <inheritdoc/>
    /// <remarks>Those of the softmax: five a score.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 5L * bottom[0].Count;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        RequireNoSecondWeight();
        if (Parameter.LossParam is { LabelSmoothing: var smoothing } && !(smoothing >= 0 && smoothing < 1))
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"loss_param.label_smoothing must lie in [0, 1), not be {smoothing}");
        }
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        int valid = CountValidLabels(_rule, bottom[1], "loss_param { ignore_label }");
        float* p = Probabilities(top).MutableCpuData;
        SoftmaxKernel.Forward(Context.Device, bottom[0].CpuData, p, _outer, _split.Classes, _split.Inner);
        float* labels = bottom[1].CpuData, weights = WeightsOf(bottom);
        double loss = BlockSum.Run(Context.Device, _split.Count, new LossBody(p, labels, weights, _split, _rule));
        if (_smoothing.IsOn)
            loss += _smoothing.Loss(Context.Device, p, labels, weights);
        _normalizer = Normalizer(NormalizationOf(), _outer, _split.Inner, valid);
        top[0].MutableData[0] = (float)(loss / _normalizer);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        float scale = top[0].Diff[0] / _normalizer;
        float* p = Probabilities(top).CpuData, labels = bottom[1].CpuData, weights = WeightsOf(bottom);
        float* dx = bottom[0].MutableCpuDiff;
        if (_split.Inner == 1)
            Context.Device.Pool.Run(new RowGradient(p, labels, weights, dx, scale, _split, _rule), _split.Tasks);
        else
            Context.Device.Pool.Run(new ColumnGradient(p, labels, weights, dx, scale, _split, _rule), _split.Tasks);
        if (_smoothing.IsOn)
            _smoothing.AddGradient(Context.Device, labels, weights, dx, scale);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _probabilities.Dispose();
    }

    private Blob Probabilities(Blob[] top) => top.Length > 1 ? top[1] : _probabilities;

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
