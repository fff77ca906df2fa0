using CaffeActors.Compute.Layers;

namespace CaffeActors.Compute.Nets.Passes;

/// <summary>
/// Layers that work in place on one blob, one after the other. Nobody sees the blob between two of them once a pass is
/// over, so one may do the work of the next; a blob of its own would have to keep its contents, and is left alone.
/// </summary>
internal static class InPlaceChain
{
    /// <summary>The layer that wrote what another one works on in place: the next one before it that has not been
    /// absorbed itself.</summary>
    /// <param name="layers">The net's layers.</param>
    /// <param name="layer">The later layer.</param>
    /// <param name="absorbed">The layers whose work is done by others.</param>
    /// <returns>The layer; null where the later one does not work in place, a loss hangs on either, or they compute in
    /// different places.</returns>
    public static NetLayer? WriterBefore(
        IReadOnlyList<NetLayer> layers, NetLayer layer, IReadOnlySet<NetLayer> absorbed)
    {
        if (!IsInPlace(layer) || IsLoss(layer.Layer))
            return null;
        NetLayer writer = layers[layer.Producers[0].Rank];
        while (absorbed.Contains(writer))
            writer = layers[writer.Producers[0].Rank];
        bool writesIt = writer.Top.Length == 1 && ReferenceEquals(writer.Top[0], layer.Top[0]);
        return writesIt && !IsLoss(writer.Layer) && layer.Layer.IsBeside(writer.Layer) ? writer : null;
    }

    private static bool IsInPlace(NetLayer layer) =>
        layer is { Bottom.Length: 1, Top.Length: 1 } && ReferenceEquals(layer.Bottom[0], layer.Top[0]);

    private static bool IsLoss(Layer layer) => layer.LossWeight(0) != 0;
}
