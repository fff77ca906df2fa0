using CaffeActors.Compute.Layers;

namespace CaffeActors.Compute.Nets.Passes;

/// <summary>
/// Chains of layers, each of which makes one blob of the one blob that the layer before it makes. A layer may do the
/// work of the next where nobody can see the blob between them once a pass is over: they work in place on it, or the
/// net's use says that it is not read. Any other blob has to hold its contents.
/// </summary>
internal sealed class LayerChains
{
    private readonly IReadOnlyList<NetLayer> _layers;
    private readonly HashSet<string> _unread;
    private readonly HashSet<NetLayer> _absorbed = [];

    /// <summary>The chains of a net.</summary>
    /// <param name="layers">Its layers, set up.</param>
    /// <param name="unread">Names of the blobs that are not read after a pass.</param>
    public LayerChains(IReadOnlyList<NetLayer> layers, IEnumerable<string> unread)
    {
        _layers = layers;
        _unread = [.. unread];
    }

    /// <summary>The layers.</summary>
    public IReadOnlyList<NetLayer> Layers => _layers;

    /// <summary>The layer that may do a layer's work: the next one before it in its chain that has not been absorbed
    /// itself.</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>The layer; null where the blob between is seen, a loss hangs on either, or they compute in different
    /// places.</returns>
    public NetLayer? WriterBefore(NetLayer layer)
    {
        if (layer is not { Bottom.Length: 1, Top.Length: 1 } || IsLoss(layer.Layer)
            || !(IsInPlace(layer) || _unread.Contains(layer.BottomNames[0])))
            return null;
        NetLayer reader = layer, writer = _layers[layer.Producers[0].Rank];
        while (_absorbed.Contains(writer))
            (reader, writer) = (writer, _layers[writer.Producers[0].Rank]);
        bool writesIt = writer.Top.Length == 1 && ReferenceEquals(writer.Top[0], reader.Bottom[0]);
        return writesIt && !IsLoss(writer.Layer) && layer.Layer.IsBeside(writer.Layer) ? writer : null;
    }

    /// <summary>Notes that a layer's work is done by the one before it. When it is next shaped a top of its own comes
    /// to lie in its bottom's memory, for good.</summary>
    public void Absorb(NetLayer layer)
    {
        _absorbed.Add(layer);
        layer.Layer.IsTopShared = !IsInPlace(layer);
    }

    private static bool IsInPlace(NetLayer layer) => ReferenceEquals(layer.Bottom[0], layer.Top[0]);

    private static bool IsLoss(Layer layer) => layer.LossWeight(0) != 0;
}
