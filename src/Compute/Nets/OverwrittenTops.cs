using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Layers.Common;

namespace CaffeActors.Compute.Nets;

/// <summary>
/// Finds layers whose top another one overwrites in place before they run backward, and tells them: a gradient that is
/// computed from y needs a copy of it then.
/// </summary>
internal static class OverwrittenTops
{
    public static void Apply(IReadOnlyList<NetLayer> layers)
    {
        foreach (NetLayer layer in layers.Where(layer => layer.NeedBackward))
        {
            for (int t = 0; t < Math.Min(layer.Top.Length, layer.Bottom.Length); t++)
            {
                if (ReferenceEquals(layer.Top[t], layer.Bottom[t]))
                    Tell(layers, layers[layer.Producers[t].Rank], layer.Layer);
            }
        }
    }

    private static void Tell(IReadOnlyList<NetLayer> layers, NetLayer writer, Layer overwriter)
    {
        // These hand on the memory of their bottom.
        while (writer.Layer is SharingLayer or SplitLayer)
            writer = layers[writer.Producers[0].Rank];
        (writer.Layer as NeuronLayer)?.TopIsOverwritten(overwriter);
    }
}
