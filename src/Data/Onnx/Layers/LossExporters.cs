using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Onnx.Layers;

// What a net is judged by is left out: the scores it reads become outputs.

/// <summary>Losses and measures that compare their first bottom with labels.</summary>
[OnnxExport("Accuracy")]
[OnnxExport("HDF5Output")]
[OnnxExport("HingeLoss")]
[OnnxExport("MultinomialLogisticLoss")]
[OnnxExport("SigmoidCrossEntropyLoss")]
internal sealed class LabelledLossExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export() => LeaveOut(0);
}

/// <summary>Losses that compare their first two bottoms with one another.</summary>
[OnnxExport("ContrastiveLoss")]
[OnnxExport("EuclideanLoss")]
[OnnxExport("L1Loss")]
[OnnxExport("SmoothL1Loss")]
internal sealed class DistanceExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export() => LeaveOut(0, 1);
}

/// <summary>Losses of a softmax, whose second top are the probabilities.</summary>
internal abstract class SoftmaxLossExporter(LayerPlace place) : LayerExporter(place)
{
    /// <summary>The axis of the classes.</summary>
    protected abstract int ClassAxis { get; }

    public sealed override void Export()
    {
        LeaveOut(0);
        if (Tops > 1)
            Set(1, Node("Softmax", In(0)).With("axis", Axis(0, ClassAxis)).Output);
    }
}

[OnnxExport("SoftmaxWithLoss")]
internal sealed class SoftmaxWithLossExporter(LayerPlace place) : SoftmaxLossExporter(place)
{
    protected override int ClassAxis => (Parameter.SoftmaxParam ?? new SoftmaxParameter()).Axis;
}

[OnnxExport("InfogainLoss")]
internal sealed class InfogainLossExporter(LayerPlace place) : SoftmaxLossExporter(place)
{
    protected override int ClassAxis => (Parameter.InfogainLossParam ?? new InfogainLossParameter()).Axis;
}
