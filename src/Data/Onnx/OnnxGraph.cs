using System.Runtime.InteropServices;
using CaffeActors.Data.Onnx.Schema;
using Google.Protobuf;

namespace CaffeActors.Data.Onnx;

/// <summary>A graph of ONNX that is being written. Names of values are unique over it and the graphs inside
/// it.</summary>
internal sealed class OnnxGraph
{
    private readonly HashSet<string> _values;
    private readonly HashSet<string> _nodes = new(StringComparer.Ordinal);

    /// <summary>Begins a graph.</summary>
    public OnnxGraph()
        : this(new HashSet<string>(StringComparer.Ordinal))
    {
    }

    private OnnxGraph(HashSet<string> values) => _values = values;

    /// <summary>What was written.</summary>
    public GraphProto Message { get; } = new();

    /// <summary>Begins a graph that stands in an attribute of one of this one's nodes and may read its
    /// values.</summary>
    public OnnxGraph Inner() => new(_values) { Message = { Name = "body" } };

    /// <summary>Takes a name for a value: the one wanted, or one like it where that is taken.</summary>
    public string NameFor(string wanted) => Free(_values, wanted);

    /// <summary>Whether a value has this name.</summary>
    public bool Has(string name) => _values.Contains(name);

    /// <summary>Adds a node.</summary>
    /// <param name="name">Its name, made unique; its outputs are named after it.</param>
    /// <param name="op">The operator.</param>
    /// <param name="inputs">Names of values.</param>
    public OnnxNode Node(string name, string op, params ReadOnlySpan<string> inputs)
    {
        var message = new NodeProto { Name = Free(_nodes, name), OpType = op };
        foreach (string input in inputs)
            message.Input.Add(input);
        message.Output.Add(NameFor(message.Name));
        Message.Node.Add(message);
        return new OnnxNode(this, message);
    }

    /// <summary>Adds a constant of numbers.</summary>
    /// <param name="name">Its name, made unique.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="values">As many values.</param>
    /// <returns>The name it got.</returns>
    public string Floats(string name, ReadOnlySpan<int> shape, ReadOnlySpan<float> values)
    {
        TensorProto tensor = Constant(name, TensorProto.Types.DataType.Float, BytesOf(values));
        foreach (int length in shape)
            tensor.Dims.Add(length);
        return tensor.Name;
    }

    /// <summary>Adds a constant of one axis of whole numbers.</summary>
    /// <param name="name">Its name, made unique.</param>
    /// <param name="values">The values.</param>
    /// <returns>The name it got.</returns>
    public string Longs(string name, params ReadOnlySpan<long> values)
    {
        TensorProto tensor = Constant(name, TensorProto.Types.DataType.Int64, MemoryMarshal.AsBytes(values));
        tensor.Dims.Add(values.Length);
        return tensor.Name;
    }

    /// <summary>Gives a value another name, which must be taken by <see cref="NameFor"/>.</summary>
    /// <param name="from">The name it has.</param>
    /// <param name="to">The name it gets.</param>
    /// <param name="firstNode">The first node that may know it.</param>
    public void Rename(string from, string to, int firstNode = 0)
    {
        for (int n = firstNode; n < Message.Node.Count; n++)
        {
            Rename(Message.Node[n].Input, from, to);
            Rename(Message.Node[n].Output, from, to);
        }

        _values.Remove(from);
    }

    /// <summary>Numbers as ONNX stores them.</summary>
    internal static ReadOnlySpan<byte> BytesOf(ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values);

    private static void Rename(Google.Protobuf.Collections.RepeatedField<string> names, string from, string to)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] == from)
                names[i] = to;
        }
    }

    private static string Free(HashSet<string> taken, string wanted)
    {
        string name = wanted;
        for (int i = 2; !taken.Add(name); i++)
            name = $"{wanted}_{i}";
        return name;
    }

    private TensorProto Constant(string name, TensorProto.Types.DataType type, ReadOnlySpan<byte> bytes)
    {
        var tensor = new TensorProto
        {
            Name = NameFor(name),
            DataType = (int)type,
            RawData = ByteString.CopyFrom(bytes),
        };
        Message.Initializer.Add(tensor);
        return tensor;
    }
}
