using CaffeActors.Data.Onnx.Schema;
using Google.Protobuf;

namespace CaffeActors.Data.Onnx;

/// <summary>A node that is being written: attributes are added in a chain.</summary>
/// <param name="graph">The graph it is in.</param>
/// <param name="message">Its message.</param>
internal sealed class OnnxNode(OnnxGraph graph, NodeProto message)
{
    /// <summary>The name of its first output.</summary>
    public string Output => OutputAt(0);

    /// <summary>The name of one of its outputs; those up to it are made where they are missing.</summary>
    public string OutputAt(int index)
    {
        while (message.Output.Count <= index)
            message.Output.Add(graph.NameFor($"{message.Name}_{message.Output.Count}"));
        return message.Output[index];
    }

    /// <summary>Sets a whole number.</summary>
    public OnnxNode With(string name, long value) =>
        Add(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value });

    /// <summary>Sets a number.</summary>
    public OnnxNode With(string name, float value) =>
        Add(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value });

    /// <summary>Sets whole numbers.</summary>
    public OnnxNode With(string name, IEnumerable<int> values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values.Select(value => (long)value));
        return Add(attribute);
    }

    /// <summary>Sets a tensor of one number.</summary>
    public OnnxNode WithTensor(string name, float value) => Add(new AttributeProto
    {
        Name = name,
        Type = AttributeProto.Types.AttributeType.Tensor,
        T = new TensorProto
        {
            Dims = { 1 },
            DataType = (int)TensorProto.Types.DataType.Float,
            RawData = ByteString.CopyFrom(OnnxGraph.BytesOf([value])),
        },
    });

    /// <summary>Sets a graph.</summary>
    public OnnxNode With(string name, GraphProto value) =>
        Add(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = value });

    private OnnxNode Add(AttributeProto attribute)
    {
        message.Attribute.Add(attribute);
        return this;
    }
}
