using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers.Loss;

/// <summary>
/// A loss of p = softmax(x) along an axis and a label for each position: the sum of what the positions cost, divided by
/// the normalizer. Bottoms: scores; labels, one for each position; a third one if the kind has a use for it. Tops: the
/// loss, a scalar; if named, the probabilities too: no gradient comes back from them.
/// </summary>
/// <param name="parameter">The layer's message.</param>
public abstract unsafe class SoftmaxLossLayer(LayerParameter parameter) : LossLayer(parameter), IGpuLayer
{
    private readonly Blob _probabilities = new();
    private int _outer;
    private float _normalizer = 1;

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

    /// <summary>The axis of the classes; negative ones count from the end.</summary>
    protected abstract int Axis { get; }

    /// <summary>Where the positions lie.</summary>
    protected PositionSplit Split { get; private set; }

    /// <summary>What is a class.</summary>
    protected LabelRule Rule { get; private set; }

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => bottom == 0;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        base.Reshape(bottom, top);
        Blob scores = bottom[0];
        int axis = scores.CanonicalAxis(Axis);
        _outer = scores.CountRange(0, axis);
        Split = new PositionSplit(_outer, scores.Dim(axis), scores.CountFrom(axis + 1));
        if (LabelRule.Misfit(scores, axis, bottom[1]) is { } misfit)
            throw Fail(ErrorCodes.ShapeMismatch, misfit);
        LossParameter? loss = Parameter.LossParam;
        Rule = new LabelRule(scores.Dim(axis), loss is { HasIgnoreLabel: true } ? loss.IgnoreLabel : null);
        Probabilities(top).ReshapeLike(scores);
    }

    /// <inheritdoc/>
    public void ForwardGpu(GpuDevice gpu, Blob[] bottom, Blob[] top)
    {
        _normalizer = NormalizerOf(bottom);
        Values scores = bottom[0].GpuData(gpu), p = Probabilities(top).OverwriteGpuData(gpu);
        GpuSoftmax.Forward(gpu, Split.Count, new ClassAxis(Split.Classes, Split.Inner), scores, p);
        LossGpu(gpu, p, bottom, top[0].OverwriteGpuData(gpu), 1 / _normalizer);
    }

    /// <inheritdoc/>
    public void BackwardGpu(GpuDevice gpu, Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        GradientGpu(gpu, Probabilities(top).GpuData(gpu), bottom, bottom[0].OverwriteGpuDiff(gpu),
            new LossScale(top[0].GpuDiff(gpu), _normalizer));
    }

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top) => RequireNoSecondWeight();

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        _normalizer = NormalizerOf(bottom);
        float* p = Probabilities(top).MutableCpuData;
        SoftmaxKernel.Forward(Context.Device, bottom[0].CpuData, p, _outer, Split.Classes, Split.Inner);
        top[0].MutableData[0] = (float)(LossCpu(p, bottom) / _normalizer);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        GradientCpu(
            Probabilities(top).CpuData, bottom, bottom[0].MutableCpuDiff, top[0].Diff[0] / _normalizer);
    }

    /// <summary>What all positions cost together.</summary>
    /// <param name="p">The probabilities.</param>
    /// <param name="bottom">The bottoms.</param>
    protected abstract double LossCpu(float* p, Blob[] bottom);

    /// <summary>Computes the gradient of the scores.</summary>
    /// <param name="p">The probabilities.</param>
    /// <param name="bottom">The bottoms.</param>
    /// <param name="dx">Receives the gradient.</param>
    /// <param name="scale">Loss weight / normalizer.</param>
    protected abstract void GradientCpu(float* p, Blob[] bottom, float* dx, float scale);

    /// <summary>Queues the computation of what all positions cost together. Scratch buffer 0 is taken.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="p">The probabilities.</param>
    /// <param name="bottom">The bottoms.</param>
    /// <param name="loss">Receives the loss, one number.</param>
    /// <param name="scale">1 / normalizer, by which the loss is multiplied.</param>
    protected abstract void LossGpu(GpuDevice gpu, Values p, Blob[] bottom, Values loss, float scale);

    /// <summary>Queues the computation of the scores' gradient.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="p">The probabilities.</param>
    /// <param name="bottom">The bottoms.</param>
    /// <param name="dx">Receives the gradient.</param>
    /// <param name="scale">Loss weight / normalizer.</param>
    protected abstract void GradientGpu(GpuDevice gpu, Values p, Blob[] bottom, Values dx, LossScale scale);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _probabilities.Dispose();
    }

    private float NormalizerOf(Blob[] bottom)
    {
        int valid = CountValidLabels(Rule, bottom[1], "loss_param { ignore_label }");
        return Normalizer(NormalizationOf(), _outer, Split.Inner, valid);
    }

    private Blob Probabilities(Blob[] top) => top.Length > 1 ? top[1] : _probabilities;
}
