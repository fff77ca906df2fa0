using CaffeActors.Compute.Layers;

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
                    Tell(layers, layer.Producers[t], layer.Layer);
            }
        }
    }

    // All that wrote into the memory before: those that work in place on it, down to the one that made it.
    private static void Tell(IReadOnlyList<NetLayer> layers, LayerLink written, Layer by)
    {
        while (true)
        {
            NetLayer writer = layers[written.Rank];
            // Some hand on the memory of their bottom (Split, Flatten, Concat of one).
            bool shares = writer.Bottom.Length > 0 && writer.Bottom[0] != writer.Top[written.Index]
                && writer.Bottom[0].DataMemory == writer.Top[written.Index].DataMemory;
            int index = shares ? 0 : written.Index;
            (writer.Layer as NeuronLayer)?.TopIsOverwritten(by);
            if (!shares && (index >= writer.Bottom.Length || writer.Bottom[index] != writer.Top[index]))
                return;
            written = writer.Producers[index];
        }
    }
}
