using CaffeActors.Compute.Schema;

namespace CaffeActors.Data.Onnx.Layers;

// Layers that work on each element by itself.

/// <summary>A layer that is one operator without settings.</summary>
internal abstract class PlainExporter(LayerPlace place, string op) : LayerExporter(place)
{
    public sealed override void Export() => Set(0, Op(op, In(0)));
}

[OnnxExport("AbsVal")]
internal sealed class AbsValExporter(LayerPlace place) : PlainExporter(place, "Abs");

[OnnxExport("BNLL")]
internal sealed class BNLLExporter(LayerPlace place) : PlainExporter(place, "Softplus");

[OnnxExport("Sigmoid")]
internal sealed class SigmoidExporter(LayerPlace place) : PlainExporter(place, "Sigmoid");

[OnnxExport("TanH")]
internal sealed class TanHExporter(LayerPlace place) : PlainExporter(place, "Tanh");

[OnnxExport("ReLU")]
internal sealed class ReLUExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        float slope = Parameter.ReluParam?.NegativeSlope ?? 0;
        Set(0, slope == 0 ? Op("Relu", In(0)) : Node("LeakyRelu", In(0)).With("alpha", slope).Output);
    }
}

[OnnxExport("PReLU")]
internal sealed class PReLUExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        // One slope for each channel, which is axis 1: as many axes of length 1 follow as the bottom has.
        int[] shape = [Layer.Blobs[0].Count, .. Enumerable.Repeat(1, Math.Max(0, Shape(0).Length - 2))];
        Set(0, Op("PRelu", In(0), Weight(0, "slope", shape)));
    }
}

[OnnxExport("ELU")]
internal sealed class ELUExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export() => Set(0,
        Node("Elu", In(0)).With("alpha", (Parameter.EluParam ?? new ELUParameter()).Alpha).Output);
}

[OnnxExport("Swish")]
internal sealed class SwishExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        float beta = (Parameter.SwishParam ?? new SwishParameter()).Beta;
        Set(0, Op("Mul", In(0), Op("Sigmoid", Times(In(0), beta))));
    }
}

[OnnxExport("Threshold")]
internal sealed class ThresholdExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        float threshold = (Parameter.ThresholdParam ?? new ThresholdParameter()).Threshold;
        Set(0, AsFloats(Op("Greater", In(0), Scalar(threshold))));
    }
}

[OnnxExport("Clip")]
internal sealed class ClipExporter(LayerPlace place) : LayerExporter(place)
{
    // Two operators, since Clip lets the greater bound win where the bounds are the wrong way round.
    public override void Export() => Set(0, Op("Max",
        Op("Min", In(0), Scalar(Parameter.ClipParam.Max)), Scalar(Parameter.ClipParam.Min)));
}

[OnnxExport("Power")]
internal sealed class PowerExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        PowerParameter power = Parameter.PowerParam ?? new PowerParameter();
        if (power.Power == 0 || power.Scale == 0)
        {
            float value = power.Power == 0 ? 1 : MathF.Pow(power.Shift, power.Power);
            Set(0, Node("ConstantOfShape", Op("Shape", In(0))).WithTensor("value", value).Output);
            return;
        }

        string linear = Plus(Times(In(0), power.Scale), power.Shift);
        Set(0, power.Power == 1 ? linear : Op("Pow", linear, Scalar(power.Power)));
    }
}

[OnnxExport("Exp")]
internal sealed class ExpExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        ExpParameter exp = Parameter.ExpParam ?? new ExpParameter();
        float logarithm = exp.Base == -1 ? 1 : MathF.Log(exp.Base);
        string power = Op("Exp", Times(In(0), logarithm * exp.Scale));
        Set(0, Times(power, MathF.Exp(logarithm * exp.Shift)));
    }
}

[OnnxExport("Log")]
internal sealed class LogExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        LogParameter log = Parameter.LogParam ?? new LogParameter();
        float factor = log.Base == -1 ? 1 : 1 / MathF.Log(log.Base);
        Set(0, Times(Op("Log", Plus(Times(In(0), log.Scale), log.Shift)), factor));
    }
}

[OnnxExport("Softmax")]
internal sealed class SoftmaxExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export() => Set(0, Node("Softmax", In(0))
        .With("axis", Axis(0, (Parameter.SoftmaxParam ?? new SoftmaxParameter()).Axis)).Output);
}

/// <summary>Passes its bottom on: what is dropped is drawn anew in each pass of a training.</summary>
[OnnxExport("Dropout")]
internal sealed class DropoutExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export() => Set(0, In(0));
}
