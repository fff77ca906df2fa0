namespace CaffeActors.Compute.Nets;

/// <summary>
/// Who waits for whom in a net: the plan by which its layers run as messages arrive, without a central loop. A layer
/// runs forward when all its bottoms are there, and backward when the diffs of all its tops that get any are there.
/// Layers that share a learnable blob take turns in falling rank, so that sums in its diff have one order whatever
/// the order of messages. Pure; thread-safe.
/// </summary>
public sealed class NetGraph
{
    /// <summary>Draws the plan of a net.</summary>
    public NetGraph(Net net)
    {
        int count = net.Layers.Count;
        var nodes = new Node[count];
        for (int rank = 0; rank < count; rank++)
            nodes[rank] = new Node(net.Layers[rank].Top.Length);
        foreach (NetLayer layer in net.Layers)
        {
            for (int b = 0; b < layer.Producers.Count; b++)
            {
                LayerLink producer = layer.Producers[b];
                nodes[producer.Rank].Consumers[producer.Index] = new LayerLink(layer.Rank, b);
                if (layer.NeedBackward && layer.BottomNeedBackward[b] && net.Layers[producer.Rank].NeedBackward)
                {
                    nodes[producer.Rank].DiffsExpected++;
                    nodes[layer.Rank].DiffTargets.Add(producer.Rank);
                }
            }
        }

        ChainSharers(net, nodes);
        Layers = nodes;
        ForwardSources = [.. net.Layers.Where(layer => layer.Bottom.Length == 0).Select(layer => layer.Rank)];
        ForwardSinks = Enumerable.Range(0, count)
            .Count(rank => nodes[rank].Consumers.All(consumer => consumer is null));
        int[] backward = [.. net.Layers.Where(layer => layer.NeedBackward).Select(layer => layer.Rank)];
        BackwardSources = [.. backward.Where(rank => nodes[rank].DiffsExpected == 0).Reverse()];
        BackwardSinks = backward.Count(rank => nodes[rank].DiffTargets.Count == 0);
    }

    /// <summary>One layer's place in the plan.</summary>
    public interface INode
    {
        /// <summary>For each top, the layer and bottom that reads it, or null.</summary>
        IReadOnlyList<LayerLink?> ReadBy { get; }

        /// <summary>How many top diffs the layer waits for before it runs backward.</summary>
        int DiffsAwaited { get; }

        /// <summary>Ranks of the layers that wait for a bottom diff of this one; a layer stands once for each
        /// bottom.</summary>
        IReadOnlyList<int> SendsDiffsTo { get; }

        /// <summary>How many layers of higher rank must have added to a shared blob's diff before this one
        /// does.</summary>
        int TurnsAwaited { get; }

        /// <summary>Ranks of the layers that wait for this one's turn to be over.</summary>
        IReadOnlyList<int> PassesTurnTo { get; }
    }

    /// <summary>The layers' places, by rank.</summary>
    public IReadOnlyList<INode> Layers { get; }

    /// <summary>Layers that start a forward pass: those without bottoms.</summary>
    public IReadOnlyList<int> ForwardSources { get; }

    /// <summary>Number of layers nobody waits for forward; when they are done, so is the pass.</summary>
    public int ForwardSinks { get; }

    /// <summary>Layers that start a backward pass, highest rank first: losses, and those whose readers run
    /// none.</summary>
    public IReadOnlyList<int> BackwardSources { get; }

    /// <summary>Number of layers nobody waits for backward; when they are done, so is the pass.</summary>
    public int BackwardSinks { get; }

    private static void ChainSharers(Net net, Node[] nodes)
    {
        IEnumerable<IGrouping<int, int>> users = net.Layers
            .Where(layer => layer.NeedBackward)
            .SelectMany(layer => layer.LearnableParamIds.Distinct().Select(id => (id, layer.Rank)))
            .GroupBy(use => use.id, use => use.Rank);
        foreach (IGrouping<int, int> sharers in users)
        {
            int[] ranks = [.. sharers.OrderDescending()];
            for (int i = 1; i < ranks.Length; i++)
            {
                nodes[ranks[i - 1]].TurnTargets.Add(ranks[i]);
                nodes[ranks[i]].TurnsExpected++;
            }
        }
    }

    private sealed class Node(int tops) : INode
    {
        public LayerLink?[] Consumers { get; } = new LayerLink?[tops];

        public int DiffsExpected { get; set; }

        public List<int> DiffTargets { get; } = [];

        public int TurnsExpected { get; set; }

        public List<int> TurnTargets { get; } = [];

        IReadOnlyList<LayerLink?> INode.ReadBy => Consumers;

        int INode.DiffsAwaited => DiffsExpected;

        IReadOnlyList<int> INode.SendsDiffsTo => DiffTargets;

        int INode.TurnsAwaited => TurnsExpected;

        IReadOnlyList<int> INode.PassesTurnTo => TurnTargets;
    }
}
