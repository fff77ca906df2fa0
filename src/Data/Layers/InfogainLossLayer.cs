using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Layers.Loss;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Layers;

/// <summary>
/// Multinomial logistic loss in which each label says by a row of a matrix H how much each class counts:
/// p = softmax(x) along an axis; loss = sum over the positions whose label is not ignored of
/// -sum over the classes l of H[label, l] * ln max(p[l], 1e-20), divided by the normalizer;
/// dx[l] = (p[l] * sum of H[label, ...] - H[label, l]) * loss weight / normalizer, 0 at ignored positions.
/// Bottoms: scores; labels 0 to K - 1, one for each position; if there is a third one, H: K * K values of any shape,
/// row after row. Tops: the loss, a scalar; if named, the probabilities too: no gradient comes back from them.
/// <c>infogain_loss_param</c>: <c>source</c>, a file with H (binary BlobProto), read where there is no third bottom;
/// <c>axis</c> of the classes, default 1. <c>loss_param</c>: <c>ignore_label</c>, default none;
/// <c>normalization</c>, default VALID; <c>normalize</c> is refused.
/// A label that is no class fails with <see cref="ErrorCodes.LabelOutOfRange"/> and the item's index.
/// It lives here because it reads a file.
/// </summary>
/// <param name="parameter">The layer's message.</param>
[Layer("InfogainLoss")]
public sealed unsafe class InfogainLossLayer(LayerParameter parameter) : LossLayer(parameter)
{
    private readonly InfogainLossParameter _infogain = parameter.InfogainLossParam ?? new InfogainLossParameter();
    private readonly Blob _probabilities = new();
    private readonly Blob _rowSums = new();
    private readonly Blob _stored = new();
    private PositionSplit _split;
    private int _outer;
    private LabelRule _rule;
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
        Blob scores = bottom[0], matrix = Matrix(bottom);
        int axis = scores.CanonicalAxis(_infogain.Axis), classes = scores.Dim(axis);
        _outer = scores.CountRange(0, axis);
        _split = new PositionSplit(_outer, classes, scores.CountFrom(axis + 1));
        if (LabelRule.Misfit(scores, axis, bottom[1]) is { } misfit)
            throw Fail(ErrorCodes.ShapeMismatch, misfit);
        if (matrix.Count != (long)classes * classes)
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"for {classes} classes (axis {axis} of {scores.ShapeString}) the infogain matrix must have "
                + $"{(long)classes * classes} values, not {matrix.ShapeString}");
        }

        LossParameter? loss = Parameter.LossParam;
        _rule = new LabelRule(classes, loss is { HasIgnoreLabel: true } ? loss.IgnoreLabel : null);
        _rowSums.Reshape(classes);
        Probabilities(top).ReshapeLike(scores);
    }

    /// <inheritdoc/>
    /// <remarks>Five a score for the softmax, three for the loss.</remarks>
    public override long ForwardFlops(Blob[] bottom, Blob[] top) => 8L * bottom[0].Count;

    /// <inheritdoc/>
    protected override void LayerSetUp(Blob[] bottom, Blob[] top)
    {
        RequireNoSecondWeight();
        if (Parameter.LossParam is { HasNormalize: true })
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                "loss_param { normalize } has no effect on this layer; write normalization: VALID for true or "
                + "BATCH_SIZE for false");
        }

        if (bottom.Length > 2)
            return;
        if (_infogain.Source.Length == 0)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                "it has no infogain matrix; name its file in infogain_loss_param { source }, or give a third bottom");
        }

        using Blob matrix = BlobFile.Read("infogain matrix", Context.ResolvePath(_infogain.Source), Fail);
        _stored.Reshape(matrix.Count);
        matrix.Data.CopyTo(_stored.MutableData);
    }

    /// <inheritdoc/>
    protected override void ForwardCpu(Blob[] bottom, Blob[] top)
    {
        int valid = CountValidLabels(_rule, bottom[1], "loss_param { ignore_label }");
        float* p = Probabilities(top).MutableCpuData, matrix = Matrix(bottom).CpuData;
        SoftmaxKernel.Forward(Context.Device, bottom[0].CpuData, p, _outer, _split.Classes, _split.Inner);
        int classes = _split.Classes;
        Context.Device.Pool.Run(new InfogainRowSums(matrix, _rowSums.MutableCpuData, classes), classes);
        float* labels = bottom[1].CpuData;
        double loss = BlockSum.Run(
            Context.Device, _split.Count, new InfogainLossBody(p, labels, matrix, _split, _rule));
        _normalizer = Normalizer(NormalizationOf(), _outer, _split.Inner, valid);
        top[0].MutableData[0] = (float)(loss / _normalizer);
    }

    /// <inheritdoc/>
    protected override void BackwardCpu(Blob[] top, bool[] propagateDown, Blob[] bottom)
    {
        RequireNoLabelGradient(propagateDown);
        if (!propagateDown[0])
            return;
        var body = new InfogainGradient(
            Probabilities(top).CpuData, bottom[1].CpuData, Matrix(bottom).CpuData, _rowSums.CpuData,
            bottom[0].MutableCpuDiff, top[0].Diff[0] / _normalizer, _split, _rule);
        Context.Device.Pool.Run(body, _split.Tasks);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        _probabilities.Dispose();
        _rowSums.Dispose();
        _stored.Dispose();
    }

    private Blob Probabilities(Blob[] top) => top.Length > 1 ? top[1] : _probabilities;

    private Blob Matrix(Blob[] bottom) => bottom.Length > 2 ? bottom[2] : _stored;
}
