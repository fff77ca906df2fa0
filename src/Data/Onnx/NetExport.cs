using CaffeActors.Compute;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Data.Onnx.Schema;

namespace CaffeActors.Data.Onnx;

/// <summary>
/// A net on its way into a graph of ONNX. Blobs of a net may be overwritten in place, values of ONNX not: each layer
/// makes values of its own, and a blob is whichever value was made last. Layers that only pass a blob on make none.
/// </summary>
internal sealed class NetExport
{
    private static readonly Catalog<LayerExporter, OnnxExportAttribute, LayerPlace> _exporters =
        new(typeof(NetExport).Assembly);

    private readonly Net _net;
    private readonly Action<string> _notice;
    private readonly IReadOnlyDictionary<Blob, int[]> _shapes;

    // The value a blob is, by the blob's name; of a top that is left out, nothing, and the layer that was to make it.
    private readonly Dictionary<string, string> _values = [];
    private readonly Dictionary<string, Layer> _leftOut = [];

    private readonly Dictionary<string, MadeValue> _made = [];
    private readonly List<string> _inputs = [];
    private readonly List<string> _scores = [];
    private readonly Dictionary<(int Param, string Shape), string> _weights = [];

    private NetExport(Net net, OnnxOptions options)
    {
        _net = net;
        _notice = options.Notice;
        Opset = options.Opset;
        _shapes = BatchShapes.Of(net, options);
    }

    /// <summary>The graph.</summary>
    public OnnxGraph Graph { get; } = new();

    /// <summary>The version of the operators.</summary>
    public int Opset { get; }

    /// <summary>The layer types that can be exported, sorted.</summary>
    public static IReadOnlyCollection<string> Types => _exporters.Names;

    /// <summary>Writes a net.</summary>
    /// <param name="net">The net, with its weights.</param>
    /// <param name="options">How.</param>
    /// <exception cref="CaffeException">CFA1210: ONNX cannot express a layer, or nothing is left.</exception>
    public static GraphProto Write(Net net, OnnxOptions options)
    {
        var export = new NetExport(net, options);
        foreach (NetLayer layer in net.Layers)
        {
            LayerExporter exporter = _exporters.Create(layer.Layer.Type, new LayerPlace(layer, export))
                ?? throw Cannot(layer.Layer, "there is no operator of ONNX for this type");
            exporter.Export();
        }

        export.Graph.Message.Name = net.Name.Length > 0 ? net.Name : "net";
        export.Finish();
        return export.Graph.Message;
    }

    /// <summary>The failure of a layer that ONNX cannot express.</summary>
    public static CaffeException Cannot(Layer layer, string why) =>
        new(ErrorCodes.NotExportable, FailureKind.Configuration,
            $"layer '{layer.Name}' ({layer.Type}) cannot be written as ONNX: {why}; change the layer, or export a net "
            + "that ends before it", SourcePlaces.Of(layer.Parameter));

    /// <summary>The value of a layer's bottom.</summary>
    public string ValueOf(NetLayer layer, int bottom)
    {
        string blob = layer.BottomNames[bottom];
        return _values.TryGetValue(blob, out string? value)
            ? value
            : throw Cannot(layer.Layer, $"it reads '{blob}', but layer '{_leftOut[blob].Name}' "
                + $"({_leftOut[blob].Type}), which makes it, is left out of ONNX files");
    }

    /// <summary>The shape of a blob; open lengths are -1.</summary>
    public int[] ShapeOf(Blob blob) => _shapes[blob];

    /// <summary>A learnable blob as a constant.</summary>
    public string Weight(NetLayer layer, int blob, string what, ReadOnlySpan<int> shape)
    {
        int param = blob < layer.LearnableParamIds.Count ? layer.LearnableParamIds[blob] : -1;
        (int, string) key = (param, Blob.FormatShape(shape));
        if (param >= 0 && _weights.TryGetValue(key, out string? known))
            return known;
        string name = Graph.Floats($"{layer.Name}.{what}", shape, layer.Layer.Blobs[blob].Data);
        if (param >= 0)
            _weights[key] = name;
        return name;
    }

    /// <summary>Says which value a top is.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="top">Which of its tops.</param>
    /// <param name="value">The value.</param>
    /// <param name="firstNode">The first of the layer's nodes: a value that one of them made gets the top's
    /// name.</param>
    public void Set(NetLayer layer, int top, string value, int firstNode)
    {
        string blob = layer.TopNames[top];
        bool isNew = !_made.ContainsKey(value)
            && Graph.Message.Node.Skip(firstNode).Any(node => node.Output.Contains(value));
        if (isNew)
        {
            string name = Graph.NameFor(Graph.Has(blob) ? $"{blob}/{layer.Name}" : blob);
            Graph.Rename(value, name, firstNode);
            value = name;
        }

        _made.TryAdd(value, new MadeValue(blob, layer.Name, ShapeOf(layer.Top[top]), isNew));
        _values[blob] = value;
    }

    /// <summary>Says that a top is an input of the graph.</summary>
    public void SetInput(NetLayer layer, int top)
    {
        string blob = layer.TopNames[top], name = Graph.NameFor(blob);
        _inputs.Add(name);
        _made.Add(name, new MadeValue(blob, layer.Name, ShapeOf(layer.Top[top]), IsOfNode: false));
        _values[blob] = name;
    }

    /// <summary>Says that a layer's tops are not made.</summary>
    public void LeaveOut(NetLayer layer)
    {
        foreach (string blob in layer.TopNames)
        {
            _values.Remove(blob);
            _leftOut[blob] = layer.Layer;
        }

        _notice($"layer '{layer.Name}' ({layer.Layer.Type}) is left out");
    }

    /// <summary>Names a value that is to be an output where nothing else reads it.</summary>
    public void AddScore(string value) => _scores.Add(value);

    private void Finish()
    {
        HashSet<string> read = [.. Graph.Message.Node.SelectMany(node => node.Input)];
        List<(string Blob, string Value)> outputs = [];
        foreach (string blob in _net.OutputNames)
        {
            if (_values.TryGetValue(blob, out string? value))
                outputs.Add((blob, value));
        }

        foreach (string score in _scores.Distinct())
        {
            if (!read.Contains(score) && _made[score].IsOfNode && !outputs.Any(output => output.Value == score))
                outputs.Add((_made[score].Blob, score));
        }

        if (outputs.Count == 0)
        {
            throw new CaffeException(ErrorCodes.NotExportable, FailureKind.Configuration,
                $"of the net '{_net.Name}' nothing is left to export: all its outputs are losses or the like");
        }

        foreach ((string blob, string value) in outputs)
            AddOutput(blob, value);
        GraphPruning.Apply(Graph.Message);
        HashSet<string> used = [.. Graph.Message.Node.SelectMany(node => node.Input)];
        used.UnionWith(Graph.Message.Output.Select(output => output.Name));
        foreach (string input in _inputs.Where(used.Contains))
            Graph.Message.Input.Add(Describe(input, _made[input]));
    }

    private void AddOutput(string blob, string value)
    {
        MadeValue made = _made[value];
        bool isInput = value == blob && _inputs.Contains(value);
        if ((!made.IsOfNode && !isInput) || Graph.Message.Output.Any(output => output.Name == value))
            value = Graph.Node($"{made.Layer}/Identity", "Identity", value).Output;
        if (value != blob && !(_made.TryGetValue(blob, out MadeValue? holder) && !holder.IsOfNode))
        {
            // An earlier value of a blob that is worked on in place gives its name to the last one.
            if (holder is not null)
                Rename(blob, Graph.NameFor($"{blob}/{holder.Layer}"));
            Rename(value, Graph.NameFor(blob));
            value = blob;
        }

        Graph.Message.Output.Add(Describe(value, made));
    }

    private void Rename(string from, string to)
    {
        Graph.Rename(from, to);
        if (_made.Remove(from, out MadeValue? made))
            _made.Add(to, made);
        foreach (ValueInfoProto output in Graph.Message.Output.Where(output => output.Name == from))
            output.Name = to;
    }

    private static ValueInfoProto Describe(string name, MadeValue value)
    {
        var shape = new TensorShapeProto();
        for (int a = 0; a < value.Shape.Length; a++)
        {
            var length = new TensorShapeProto.Types.Dimension();
            if (value.Shape[a] >= 0)
                length.DimValue = value.Shape[a];
            else if (a == 0)
                length.DimParam = "batch";
            shape.Dim.Add(length);
        }

        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor
                {
                    ElemType = (int)TensorProto.Types.DataType.Float,
                    Shape = shape,
                },
            },
        };
    }

    // A value that is some layer's top: of which blob, which layer, its shape, and whether a node makes it (as against
    // an input or a constant).
    private sealed record MadeValue(string Blob, string Layer, int[] Shape, bool IsOfNode);
}
