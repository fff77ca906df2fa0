using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers.Loss;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers;

/// <summary>A loss: predictions and labels in, one number out. Its first top counts with weight 1 by default.</summary>
/// <param name="parameter">The layer's message.</param>
public abstract class LossLayer(LayerParameter parameter) : Layer(parameter)
{
    /// <inheritdoc/>
    public override int ExactBottoms => 2;

    /// <inheritdoc/>
    public override int ExactTops => 1;

    /// <inheritdoc/>
    public override bool AutoTops => true;

    /// <inheritdoc/>
    public override bool IsLoss => true;

    /// <inheritdoc/>
    public override bool NeedsExact(int bottom) => bottom != 0;

    /// <inheritdoc/>
    public override bool AllowForceBackward(int bottom) => bottom != 1;

    /// <inheritdoc/>
    public override void Reshape(Blob[] bottom, Blob[] top)
    {
        if (bottom[0].Dim(0) != bottom[1].Dim(0))
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"predictions ({bottom[0].ShapeString}) and labels ({bottom[1].ShapeString}) differ in their first "
                + $"dimension");
        }

        top[0].Reshape([]);
    }

    /// <summary>Refuses bottoms that differ in how many values an item has.</summary>
    protected void RequireEqualItems(Blob[] bottom)
    {
        if (bottom[0].CountFrom(1) != bottom[1].CountFrom(1))
        {
            throw Fail(ErrorCodes.ShapeMismatch,
                $"its bottoms must have equally many values an item, not {bottom[0].ShapeString} and "
                + $"{bottom[1].ShapeString}");
        }
    }

    /// <summary>Refuses a gradient for labels and what else stands beside the predictions.</summary>
    /// <param name="propagateDown">What is asked for.</param>
    /// <param name="first">The first bottom that gets none; default 1.</param>
    protected void RequireNoLabelGradient(bool[] propagateDown, int first = 1)
    {
        for (int i = first; i < propagateDown.Length; i++)
        {
            if (propagateDown[i])
            {
                throw Fail(ErrorCodes.BadNet,
                    $"no gradient goes to {(i == first ? "labels" : "what stands beside them")}; let propagate_down be "
                    + $"false for bottom {i}");
            }
        }
    }

    /// <summary>Refuses a weight for a second top: probabilities are no loss.</summary>
    protected void RequireNoSecondWeight()
    {
        if (Parameter.LossWeight.Count > 1 && Parameter.LossWeight[1] != 0)
        {
            throw Fail(ErrorCodes.BadLayerParameter,
                $"loss_weight of the second top is {Parameter.LossWeight[1]}; probabilities are no loss, give it 0 or "
                + "none");
        }
    }

    /// <summary>Counts the labels that are not ignored.</summary>
    /// <param name="rule">What is a class.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="ignoreField">The field that can name a label to ignore; null for none.</param>
    /// <exception cref="CaffeException">A label is no class (<see cref="ErrorCodes.LabelOutOfRange"/>, with the
    /// batch's item).</exception>
    protected int CountValidLabels(LabelRule rule, Blob labels, string? ignoreField)
    {
        int valid = rule.CountValid(Context.Device, labels);
        if (valid < 0)
        {
            throw Fail(ErrorCodes.LabelOutOfRange,
                rule.Complaint(labels, ignoreField, out int item), FailureKind.Data, item);
        }

        return valid;
    }

    /// <summary>
    /// The normalization that a <c>loss_param</c> asks for: its <c>normalization</c>, else the old <c>normalize</c>
    /// (true VALID, false BATCH_SIZE), else <paramref name="standard"/>.
    /// </summary>
    protected LossParameter.Types.NormalizationMode NormalizationOf(
        LossParameter.Types.NormalizationMode standard = LossParameter.Types.NormalizationMode.Valid)
    {
        LossParameter? loss = Parameter.LossParam;
        if (loss is null)
            return standard;
        if (loss.HasNormalization || !loss.HasNormalize)
            return loss.HasNormalization ? loss.Normalization : standard;
        return loss.Normalize ? LossParameter.Types.NormalizationMode.Valid
            : LossParameter.Types.NormalizationMode.BatchSize;
    }

    /// <summary>The number a loss is divided by; never below 1, so that a batch of ignored labels gives 0.</summary>
    /// <param name="mode">What to count.</param>
    /// <param name="outer">Items before the class axis.</param>
    /// <param name="inner">Positions after the class axis.</param>
    /// <param name="valid">Positions whose label is not ignored.</param>
    protected static float Normalizer(LossParameter.Types.NormalizationMode mode, int outer, int inner, int valid) =>
        Math.Max(1f, mode switch
        {
            LossParameter.Types.NormalizationMode.Full => (float)outer * inner,
            LossParameter.Types.NormalizationMode.Valid => valid,
            LossParameter.Types.NormalizationMode.BatchSize => outer,
            _ => 1f,
        });
}
