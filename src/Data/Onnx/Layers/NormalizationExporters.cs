using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.LRNParameter.Types;

namespace CaffeActors.Data.Onnx.Layers;

[OnnxExport("LRN")]
internal sealed class LRNExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        LRNParameter lrn = Parameter.LrnParam ?? new LRNParameter();
        Set(0, lrn.NormRegion == NormRegion.WithinChannel ? WithinChannel(lrn)
            : Node("LRN", In(0)).With("size", lrn.LocalSize).With("alpha", lrn.Alpha).With("beta", lrn.Beta)
                .With("bias", lrn.K).Output);
    }

    private string WithinChannel(LRNParameter lrn)
    {
        int size = (int)lrn.LocalSize, pad = (size - 1) / 2;
        string means = Node("AveragePool", Op("Mul", In(0), In(0))).With("kernel_shape", [size, size])
            .With("pads", [pad, pad, pad, pad]).With("count_include_pad", 1).Output;
        return Op("Div", In(0), Op("Pow", Plus(Times(means, lrn.Alpha), 1), Scalar(lrn.Beta)));
    }
}

[OnnxExport("BatchNorm")]
internal sealed class BatchNormExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        BatchNormParameter norm = Parameter.BatchNormParam ?? new BatchNormParameter();
        bool isGlobal = norm.HasUseGlobalStats ? norm.UseGlobalStats : Layer.Phase == Phase.Test;
        Set(0, isGlobal ? OfTraining(norm.Eps) : OfBatch(norm.Eps));
    }

    // Sums become averages here: ONNX keeps no count of them.
    private string OfTraining(float eps)
    {
        float count = Layer.Blobs[2].Data[0], factor = count == 0 ? 0 : 1 / count;
        int channels = Layer.Blobs[0].Count;
        string mean = Constant("mean", Scaled(0, factor)), variance = Constant("variance", Scaled(1, factor));
        string scale = Constant("scale", Enumerable.Repeat(1f, channels)), bias = Constant("bias", new float[channels]);
        bool hasChannels = Shape(0).Length > 1;
        string images = hasChannels ? In(0) : Reshape(In(0), -1, 1);
        string normal = Node("BatchNormalization", images, scale, bias, mean, variance).With("epsilon", eps).Output;
        return hasChannels ? normal : Reshape(normal, TopShape(0));
    }

    private string OfBatch(float eps)
    {
        int[] axes = [.. Enumerable.Range(0, Shape(0).Length).Where(axis => axis != 1)];
        string centred = Op("Sub", In(0), Reduce("ReduceMean", In(0), axes, keep: true));
        string variance = Reduce("ReduceMean", Op("Mul", centred, centred), axes, keep: true);
        return Op("Div", centred, Op("Sqrt", Op("Add", variance, Scalar(eps))));
    }

    private IEnumerable<float> Scaled(int blob, float factor)
    {
        float[] values = Layer.Blobs[blob].Data.ToArray();
        return values.Select(value => value * factor);
    }

    private string Constant(string what, IEnumerable<float> values)
    {
        float[] all = [.. values];
        return Graph.Floats($"{Layer.Name}.{what}", [all.Length], all);
    }
}

[OnnxExport("MVN")]
internal sealed class MVNExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        MVNParameter mvn = Parameter.MvnParam ?? new MVNParameter();
        int[] axes = mvn.AcrossChannels ? [1, 2, 3] : [2, 3];
        string images = Shape(0).Length == 4 ? In(0) : Reshape(In(0), TopShape(0));
        string centred = Op("Sub", images, Reduce("ReduceMean", images, axes, keep: true));
        if (mvn.NormalizeVariance)
        {
            string variance = Reduce("ReduceMean", Op("Mul", centred, centred), axes, keep: true);
            centred = Op("Div", centred, Op("Add", Op("Sqrt", variance), Scalar(mvn.Eps)));
        }

        Set(0, centred);
    }
}

[OnnxExport("Normalize")]
internal sealed class NormalizeExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        NormalizeParameter norm = Parameter.NormParam ?? new NormalizeParameter();
        int rank = Shape(0).Length;
        int[] axes = norm.AcrossSpatial ? [.. Enumerable.Range(1, rank - 1)] : [1];
        string length = Op("Sqrt", Op("Add", Reduce("ReduceSum", Op("Mul", In(0), In(0)), axes, keep: true),
            Scalar(norm.Eps)));
        int[] shape = [Layer.Blobs[0].Count, .. Enumerable.Repeat(1, rank - 2)];
        Set(0, Op("Mul", Op("Div", In(0), length), Weight(0, "scale", shape)));
    }
}

/// <summary>Values, learned or the second bottom, that are spread over the axes of the first one.</summary>
internal abstract class ChannelwiseExporter(LayerPlace place) : LayerExporter(place)
{
    /// <summary>A learned blob, for the axes from one on.</summary>
    protected string Spread(int blob, string what, int axis) =>
        Weight(blob, what, [.. Layer.Blobs[blob].Shape, .. Ones(Layer.Blobs[blob].AxisCount, axis)]);

    /// <summary>The second bottom, likewise.</summary>
    protected string SpreadBottom(int axis)
    {
        int[] ones = Ones(Shape(1).Length, axis);
        return ones.Length == 0 ? In(1) : Reshape(In(1), [.. Shape(1), .. ones]);
    }

    // ONNX aligns shapes at their ends.
    private int[] Ones(int axes, int axis) =>
        axes == 0 ? [] : [.. Enumerable.Repeat(1, Shape(0).Length - Axis(0, axis) - axes)];
}

[OnnxExport("Scale")]
internal sealed class ScaleExporter(LayerPlace place) : ChannelwiseExporter(place)
{
    public override void Export()
    {
        ScaleParameter scale = Parameter.ScaleParam ?? new ScaleParameter();
        bool learned = Bottoms == 1;
        string scaled = Op("Mul", In(0), learned ? Spread(0, "scale", scale.Axis) : SpreadBottom(scale.Axis));
        Set(0, scale.BiasTerm ? Op("Add", scaled, Spread(learned ? 1 : 0, "bias", scale.Axis)) : scaled);
    }
}

[OnnxExport("Bias")]
internal sealed class BiasExporter(LayerPlace place) : ChannelwiseExporter(place)
{
    public override void Export()
    {
        int axis = (Parameter.BiasParam ?? new BiasParameter()).Axis;
        Set(0, Op("Add", In(0), Bottoms == 1 ? Spread(0, "bias", axis) : SpreadBottom(axis)));
    }
}

[OnnxExport("Axpy")]
internal sealed class AxpyExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        int[] shape = Shape(1);
        string scale = Reshape(In(0), [shape[0], shape[1], .. Enumerable.Repeat(1, shape.Length - 2)]);
        Set(0, Op("Add", Op("Mul", scale, In(1)), In(2)));
    }
}
