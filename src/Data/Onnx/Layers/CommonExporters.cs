using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.EltwiseParameter.Types;
using static CaffeActors.Compute.Schema.ReductionParameter.Types;

namespace CaffeActors.Data.Onnx.Layers;

[OnnxExport("InnerProduct")]
internal sealed class InnerProductExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        InnerProductParameter product = Parameter.InnerProductParam ?? new InnerProductParameter();
        int axis = Axis(0, product.Axis);
        bool isMatrix = axis == 1 && Shape(0).Length == 2;
        string rows = isMatrix ? In(0) : Node("Flatten", In(0)).With("axis", axis).Output;
        int outputs = (int)product.NumOutput, inputs = Layer.Blobs[0].Count / outputs;
        string weights = Weight(0, "weight", product.Transpose ? [inputs, outputs] : [outputs, inputs]);
        string[] bias = product.BiasTerm ? [Weight(1, "bias", outputs)] : [];
        string result = Node("Gemm", [rows, weights, .. bias]).With("transB", product.Transpose ? 0 : 1).Output;
        Set(0, axis == 1 ? result : Reshape(result, TopShape(0)));
    }
}

[OnnxExport("Embed")]
internal sealed class EmbedExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        string rows = Op("Gather", Weight(0, "weight"), AsLongs(In(0)));
        Set(0, Layer.Blobs.Count > 1 ? Op("Add", rows, Weight(1, "bias")) : rows);
    }
}

[OnnxExport("Eltwise")]
internal sealed class EltwiseExporter(LayerPlace place) : LayerExporter(place)
{
    private readonly Dictionary<EltwiseOp, string> _operators =
        new() { [EltwiseOp.Prod] = "Mul", [EltwiseOp.Sum] = "Add", [EltwiseOp.Max] = "Max" };

    public override void Export()
    {
        EltwiseParameter eltwise = Parameter.EltwiseParam ?? new EltwiseParameter();
        bool weighted = eltwise.Operation == EltwiseOp.Sum && eltwise.Coeff.Count > 0;
        string result = Term(0);
        for (int bottom = 1; bottom < Bottoms; bottom++)
            result = Op(_operators[eltwise.Operation], result, Term(bottom));
        Set(0, result);

        string Term(int bottom) => weighted ? Times(In(bottom), eltwise.Coeff[bottom]) : In(bottom);
    }
}

[OnnxExport("Reduction")]
internal sealed class ReductionExporter(LayerPlace place) : LayerExporter(place)
{
    private readonly Dictionary<ReductionOp, string> _operators = new()
    {
        [ReductionOp.Sum] = "ReduceSum",
        [ReductionOp.Asum] = "ReduceL1",
        [ReductionOp.Sumsq] = "ReduceSumSquare",
        [ReductionOp.Mean] = "ReduceMean",
    };

    public override void Export()
    {
        ReductionParameter reduction = Parameter.ReductionParam ?? new ReductionParameter();
        int axis = Axis(0, reduction.Axis);
        int[] axes = [.. Enumerable.Range(axis, Shape(0).Length - axis)];
        Set(0, Times(Reduce(_operators[reduction.Operation], In(0), axes, keep: false), reduction.Coeff));
    }
}

[OnnxExport("ArgMax")]
internal sealed class ArgMaxExporter(LayerPlace place) : LayerExporter(place)
{
    public override void Export()
    {
        ArgMaxParameter argMax = Parameter.ArgmaxParam ?? new ArgMaxParameter();
        if (argMax.HasAxis)
        {
            int axis = Axis(0, argMax.Axis);
            (string values, string indices) = Greatest(In(0), axis, KnownLength(0, axis), argMax.TopK);
            Set(0, argMax.OutMaxVal ? values : indices);
            return;
        }

        int[] item = Shape(0)[1..];
        (string flatValues, string flatIndices) = Greatest(
            Node("Flatten", In(0)).With("axis", 1).Output, 1, Product(item), argMax.TopK);
        string both = argMax.OutMaxVal
            ? Node("Concat", flatIndices, flatValues).With("axis", 1).Output : flatIndices;
        Set(0, Reshape(both, TopShape(0)));
    }

    // Of equal values TopK takes the first; read from the end, that is the one of the higher index.
    private (string Values, string Indices) Greatest(string value, int axis, int length, long count)
    {
        string turned = Op("Slice", value, Longs("starts", -1), Longs("ends", int.MinValue), Longs("axes", axis),
            Longs("steps", -1));
        OnnxNode top = Node("TopK", turned, Longs("count", count)).With("axis", axis);
        return (top.Output, AsFloats(Op("Sub", Longs("last", length - 1), top.OutputAt(1))));
    }
}
