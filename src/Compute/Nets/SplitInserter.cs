using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <summary>
/// Puts a Split layer behind each top that is used more than once, so that every blob has one reader and gradients
/// meet in the split. A loss weight counts as a use: the split's top 0 then carries it.
/// </summary>
public static class SplitInserter
{
    /// <summary>A copy of a filtered net with its splits.</summary>
    /// <exception cref="CaffeException">A bottom names a blob that no earlier layer produces.</exception>
    public static NetParameter Insert(NetParameter net)
    {
        Dictionary<(int Layer, int Top), int> uses = [];
        (int Layer, int Top)[][] producers = FindProducers(net, uses);
        var result = new NetParameter(net);
        result.Layer.Clear();
        Dictionary<(int Layer, int Top), int> nextUse = [];
        for (int i = 0; i < net.Layer.Count; i++)
        {
            LayerParameter layer = net.Layer[i].CloneWithPlaces();
            for (int b = 0; b < layer.Bottom.Count; b++)
            {
                (int Layer, int Top) producer = producers[i][b];
                if (uses[producer] > 1)
                {
                    int use = nextUse[producer]++;
                    layer.Bottom[b] = TopName(net.Layer[producer.Layer].Name, layer.Bottom[b], producer.Top, use);
                }
            }

            result.Layer.Add(layer);
            for (int t = 0; t < layer.Top.Count; t++)
            {
                int count = uses.GetValueOrDefault((i, t));
                if (count <= 1)
                    continue;
                float weight = t < net.Layer[i].LossWeight.Count ? net.Layer[i].LossWeight[t] : 0;
                result.Layer.Add(Split(layer.Name, layer.Top[t], t, count, weight).WithPlaceOf(layer));
                nextUse[(i, t)] = weight != 0 ? 1 : 0;
                if (weight != 0)
                    layer.LossWeight.Clear();
            }
        }

        return result.WithPlaceOf(net);
    }

    /// <summary>The failure of a bottom that is not there.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="bottom">Which of its bottoms.</param>
    /// <param name="made">Names of the blobs that layers before it produce.</param>
    internal static CaffeException Missing(LayerParameter layer, int bottom, IEnumerable<string> made)
    {
        string name = layer.Bottom[bottom];
        string hint = Nearest.Of(name, made) is { } near ? $"; did you mean '{near}'?" : "";
        return new CaffeException(ErrorCodes.BadConnection, FailureKind.Configuration,
            $"layer '{layer.Name}': bottom {bottom} is '{name}', which no layer before it produces in this "
            + $"phase{hint}", SourcePlaces.OfField(layer, "bottom", bottom));
    }

    private static (int Layer, int Top)[][] FindProducers(NetParameter net, Dictionary<(int Layer, int Top), int> uses)
    {
        Dictionary<string, (int Layer, int Top)> latest = [];
        var producers = new (int Layer, int Top)[net.Layer.Count][];
        for (int i = 0; i < net.Layer.Count; i++)
        {
            LayerParameter layer = net.Layer[i];
            producers[i] = new (int Layer, int Top)[layer.Bottom.Count];
            for (int b = 0; b < layer.Bottom.Count; b++)
            {
                string name = layer.Bottom[b];
                if (!latest.TryGetValue(name, out (int Layer, int Top) producer))
                    throw Missing(layer, b, latest.Keys);

                producers[i][b] = producer;
                uses[producer] = uses.GetValueOrDefault(producer) + 1;
            }

            for (int t = 0; t < layer.Top.Count; t++)
                latest[layer.Top[t]] = (i, t);
            for (int t = 0; t < Math.Min(layer.LossWeight.Count, layer.Top.Count); t++)
            {
                if (layer.LossWeight[t] != 0)
                    uses[(i, t)] = uses.GetValueOrDefault((i, t)) + 1;
            }
        }

        return producers;
    }

    private static LayerParameter Split(string layer, string blob, int top, int count, float lossWeight)
    {
        var split = new LayerParameter { Name = $"{blob}_{layer}_{top}_split", Type = "Split" };
        split.Bottom.Add(blob);
        for (int k = 0; k < count; k++)
        {
            split.Top.Add(TopName(layer, blob, top, k));
            if (lossWeight != 0)
                split.LossWeight.Add(k == 0 ? lossWeight : 0);
        }

        return split;
    }

    private static string TopName(string layer, string blob, int top, int use) => $"{blob}_{layer}_{top}_split_{use}";
}
