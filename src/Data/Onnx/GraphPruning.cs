using CaffeActors.Data.Onnx.Schema;

namespace CaffeActors.Data.Onnx;

/// <summary>Takes out of a graph what none of its outputs needs.</summary>
internal static class GraphPruning
{
    /// <summary>Removes nodes and constants; the rest keeps its order.</summary>
    public static void Apply(GraphProto graph)
    {
        HashSet<string> needed = [.. graph.Output.Select(output => output.Name)];
        for (int n = graph.Node.Count - 1; n >= 0; n--)
        {
            if (graph.Node[n].Output.Any(needed.Contains))
                needed.UnionWith(ReadBy(graph.Node[n]));
            else
                graph.Node.RemoveAt(n);
        }

        TensorProto[] constants = [.. graph.Initializer.Where(tensor => needed.Contains(tensor.Name))];
        graph.Initializer.Clear();
        graph.Initializer.AddRange(constants);
    }

    // A graph in an attribute reads values of the one around it.
    private static IEnumerable<string> ReadBy(NodeProto node) => node.Input.Concat(node.Attribute
        .Where(attribute => attribute.G is not null)
        .SelectMany(attribute => attribute.G.Node).SelectMany(ReadBy));
}
