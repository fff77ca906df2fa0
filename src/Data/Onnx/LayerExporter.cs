using System.Globalization;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Onnx.Schema;

namespace CaffeActors.Data.Onnx;

/// <summary>
/// Writes one layer as nodes of ONNX that compute what its forward pass does. Found by its
/// <see cref="OnnxExportAttribute"/>. Lengths that are open until the net runs are -1 in shapes.
/// </summary>
/// <param name="place">The layer, and where its nodes go.</param>
internal abstract class LayerExporter(LayerPlace place)
{
    private readonly int _firstNode = place.Export.Graph.Message.Node.Count;

    /// <summary>The layer.</summary>
    protected Layer Layer => place.Layer.Layer;

    /// <summary>Its message.</summary>
    protected LayerParameter Parameter => Layer.Parameter;

    /// <summary>Number of its bottoms.</summary>
    protected int Bottoms => place.Layer.Bottom.Length;

    /// <summary>Number of its tops.</summary>
    protected int Tops => place.Layer.Top.Length;

    /// <summary>The graph.</summary>
    protected OnnxGraph Graph => place.Export.Graph;

    /// <summary>Adds the layer's nodes and tells of each top what it is.</summary>
    /// <exception cref="CaffeException">ONNX cannot express the layer as it is set.</exception>
    public abstract void Export();

    /// <summary>The value of a bottom.</summary>
    protected string In(int bottom) => place.Export.ValueOf(place.Layer, bottom);

    /// <summary>The shape of a bottom.</summary>
    protected int[] Shape(int bottom) => place.Export.ShapeOf(place.Layer.Bottom[bottom]);

    /// <summary>The shape of a top.</summary>
    protected int[] TopShape(int top) => place.Export.ShapeOf(place.Layer.Top[top]);

    /// <summary>An axis of a bottom, counted from the front.</summary>
    protected int Axis(int bottom, int axis) => place.Layer.Bottom[bottom].CanonicalAxis(axis);

    /// <summary>The length of an axis that must be known.</summary>
    protected int KnownLength(int bottom, int axis) => Shape(bottom)[axis] is >= 0 and int length
        ? length
        : throw Cannot($"it works along axis {axis}, the length of which is open");

    /// <summary>Adds a node.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="inputs">Names of values.</param>
    protected OnnxNode Node(string op, params ReadOnlySpan<string> inputs) =>
        Graph.Node($"{Layer.Name}/{op}", op, inputs);

    /// <summary>Adds a node without attributes.</summary>
    /// <returns>The name of its value.</returns>
    protected string Op(string op, params ReadOnlySpan<string> inputs) => Node(op, inputs).Output;

    /// <summary>A constant number.</summary>
    protected string Scalar(float value) => Graph.Floats(
        $"{Layer.Name}/{value.ToString(CultureInfo.InvariantCulture)}", [], [value]);

    /// <summary>Constant whole numbers.</summary>
    /// <param name="what">What they are, for their name.</param>
    /// <param name="values">The numbers.</param>
    protected string Longs(string what, params ReadOnlySpan<long> values) =>
        Graph.Longs($"{Layer.Name}/{what}", values);

    /// <summary>A learnable blob as a constant; layers that share it share the constant.</summary>
    /// <param name="blob">Its number.</param>
    /// <param name="what">What it is, for its name.</param>
    /// <param name="shape">The shape it is given, of its count; by default its own.</param>
    protected string Weight(int blob, string what, params ReadOnlySpan<int> shape) =>
        place.Export.Weight(place.Layer, blob, what, shape.IsEmpty ? Layer.Blobs[blob].Shape : shape);

    /// <summary>Gives a value another shape, at most one length of which is open.</summary>
    protected string Reshape(string value, params ReadOnlySpan<int> shape)
    {
        long[] lengths = new long[shape.Length];
        for (int a = 0; a < shape.Length; a++)
            lengths[a] = shape[a];
        if (lengths.Count(length => length < 0) > 1)
            throw Cannot("several axes of its top depend on the batch");
        return Op("Reshape", value, Longs("shape", lengths));
    }

    /// <summary>Adds a node that reduces axes.</summary>
    /// <param name="op">ReduceSum, ReduceMean or the like.</param>
    /// <param name="value">What is reduced.</param>
    /// <param name="axes">The axes, counted from the front.</param>
    /// <param name="keep">Whether they are kept, of length 1.</param>
    protected string Reduce(string op, string value, int[] axes, bool keep)
    {
        // Operators of the family changed one after the other from an attribute to an input.
        bool byInput = place.Export.Opset >= 18 || op == "ReduceSum";
        OnnxNode node = byInput
            ? Node(op, value, Longs("axes", [.. axes.Select(axis => (long)axis)]))
            : Node(op, value).With("axes", axes);
        return node.With("keepdims", keep ? 1 : 0).Output;
    }

    /// <summary>Whole numbers or truths as numbers.</summary>
    protected string AsFloats(string value) => Cast(value, TensorProto.Types.DataType.Float);

    /// <summary>Numbers as whole ones, their fractions cut off.</summary>
    protected string AsLongs(string value) => Cast(value, TensorProto.Types.DataType.Int64);

    /// <summary>Numbers as truths: all but 0 are true.</summary>
    protected string AsTruths(string value) => Cast(value, TensorProto.Types.DataType.Bool);

    /// <summary>A value times a number, or itself where that is 1.</summary>
    protected string Times(string value, float factor) => factor == 1 ? value : Op("Mul", value, Scalar(factor));

    /// <summary>A value plus a number, or itself where that is 0.</summary>
    protected string Plus(string value, float term) => term == 0 ? value : Op("Add", value, Scalar(term));

    /// <summary>Says which value a top is; one that this layer made is named after the top.</summary>
    protected void Set(int top, string value) => place.Export.Set(place.Layer, top, value, _firstNode);

    /// <summary>Says that a top is an input of the graph.</summary>
    protected void SetInput(int top) => place.Export.SetInput(place.Layer, top);

    /// <summary>Says that the layer is not computed in the file.</summary>
    /// <param name="scores">Those of its bottoms that become outputs of the graph where nothing else reads
    /// them.</param>
    protected void LeaveOut(params ReadOnlySpan<int> scores)
    {
        place.Export.LeaveOut(place.Layer);
        foreach (int bottom in scores)
            place.Export.AddScore(In(bottom));
    }

    /// <summary>How many elements there are in some axes, -1 where that is open.</summary>
    protected static int Product(ReadOnlySpan<int> lengths)
    {
        int product = 1;
        foreach (int length in lengths)
            product = product < 0 || length < 0 ? -1 : checked(product * length);
        return product;
    }

    private string Cast(string value, TensorProto.Types.DataType type) =>
        Node("Cast", value).With("to", (int)type).Output;

    /// <summary>The failure of a layer that ONNX cannot express.</summary>
    /// <param name="why">What about it, as a sentence without a stop.</param>
    protected CaffeException Cannot(string why) => NetExport.Cannot(place.Layer.Layer, why);
}
