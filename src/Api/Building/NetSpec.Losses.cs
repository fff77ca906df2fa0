using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Building;

/// <content>The losses and measures. Parameters and formulas are in docs/layers.</content>
public sealed partial class NetSpec
{
    /// <summary>Softmax and logistic loss. See docs/layers/SoftmaxWithLoss.md.</summary>
    public SpecLayer SoftmaxWithLoss(
        IReadOnlyList<SpecTop> bottoms, Action<SoftmaxParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("SoftmaxWithLoss", bottoms, set, static message => message.SoftmaxParam ??= new SoftmaxParameter(),
            layer, tops);

    /// <summary>Logistic loss of probabilities. See docs/layers/MultinomialLogisticLoss.md.</summary>
    public SpecLayer MultinomialLogisticLoss(
        IReadOnlyList<SpecTop> bottoms, Action<LossParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("MultinomialLogisticLoss", bottoms, set, static message => message.LossParam ??= new LossParameter(),
            layer, tops);

    /// <summary>Logistic loss weighted by a matrix. See docs/layers/InfogainLoss.md.</summary>
    public SpecLayer InfogainLoss(
        IReadOnlyList<SpecTop> bottoms, Action<InfogainLossParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("InfogainLoss", bottoms, set, static message => message.InfogainLossParam ??= new InfogainLossParameter(),
            layer, tops);

    /// <summary>Cross entropy of sigmoids. See docs/layers/SigmoidCrossEntropyLoss.md.</summary>
    public SpecLayer SigmoidCrossEntropyLoss(
        IReadOnlyList<SpecTop> bottoms, Action<LossParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("SigmoidCrossEntropyLoss", bottoms, set, static message => message.LossParam ??= new LossParameter(),
            layer, tops);

    /// <summary>Half the mean squared distance. See docs/layers/EuclideanLoss.md.</summary>
    public SpecLayer EuclideanLoss(
        IReadOnlyList<SpecTop> bottoms, Action<LossParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("EuclideanLoss", bottoms, set, static message => message.LossParam ??= new LossParameter(), layer, tops);

    /// <summary>Hinge loss. See docs/layers/HingeLoss.md.</summary>
    public SpecLayer HingeLoss(
        IReadOnlyList<SpecTop> bottoms, Action<HingeLossParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("HingeLoss", bottoms, set, static message => message.HingeLossParam ??= new HingeLossParameter(),
            layer, tops);

    /// <summary>Loss of pairs. See docs/layers/ContrastiveLoss.md.</summary>
    public SpecLayer ContrastiveLoss(
        IReadOnlyList<SpecTop> bottoms, Action<ContrastiveLossParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("ContrastiveLoss", bottoms, set,
            static message => message.ContrastiveLossParam ??= new ContrastiveLossParameter(), layer, tops);

    /// <summary>Share of right predictions. See docs/layers/Accuracy.md.</summary>
    public SpecLayer Accuracy(
        IReadOnlyList<SpecTop> bottoms, Action<AccuracyParameter>? set = null,
        Action<LayerParameter>? layer = null, int tops = 1) =>
        Make("Accuracy", bottoms, set, static message => message.AccuracyParam ??= new AccuracyParameter(),
            layer, tops);
}
