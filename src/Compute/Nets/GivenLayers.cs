namespace CaffeActors.Compute.Nets;

/// <summary>The layers whose tops a pass cannot compute again, since they came from outside or from what another layer
/// has overwritten: when a pass is run again, they are taken as they are.</summary>
public static class GivenLayers
{
    /// <summary>Whether a layer brings values into a net: it has no bottoms and learns nothing.</summary>
    /// <param name="layer">The layer.</param>
    public static bool IsSource(NetLayer layer) => layer.Bottom.Length == 0 && layer.Layer.Blobs.Count == 0;

    /// <summary>The layers of a net: those that bring values into it, those that work in place on such values, and
    /// those that put out nothing (what they do outside the net must not be done twice).</summary>
    /// <param name="net">The net.</param>
    public static IReadOnlySet<NetLayer> Of(Net net)
    {
        NetLayer[] sources = [.. net.Layers.Where(IsSource)];
        HashSet<Blobs.Blob> given = [.. sources.SelectMany(layer => layer.Top)];
        return net.Layers.Where(layer => IsSource(layer) || layer.Top.Length == 0 || layer.Top.All(given.Contains))
            .ToHashSet();
    }
}
