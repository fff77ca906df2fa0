using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>
/// Nets of 2013 pad by layers of type "padding". Each is removed: the convolution or pooling after it takes its
/// <c>pad</c> and its bottom.
/// </summary>
internal static class V0PaddingUpgrade
{
    private const string Padding = "padding";

    /// <summary>Removes the padding layers of a net of V0 layers.</summary>
    /// <exception cref="CaffeException">A padding layer feeds something else, or a bottom is unknown.</exception>
    public static void Apply(NetParameter net, UpgradeLog log)
    {
        if (!net.Layers.Any(IsPadding))
            return;
        var producers = new Dictionary<string, V1LayerParameter?>();
        foreach (string input in net.Input)
            producers[input] = null;
        foreach (V1LayerParameter layer in net.Layers)
        {
            for (int i = 0; i < layer.Bottom.Count; i++)
            {
                if (!producers.TryGetValue(layer.Bottom[i], out V1LayerParameter? producer))
                {
                    throw Fault(
                        ErrorCodes.BadConnection,
                        $"{Describe(layer)}: its bottom '{layer.Bottom[i]}' (index {i}) is made by no layer before it.",
                        SourcePlaces.OfField(layer, "bottom", i));
                }

                if (producer is not null && IsPadding(producer))
                    Absorb(layer, i, producer, log);
            }

            foreach (string top in layer.Top)
                producers[top] = layer;
        }

        V1LayerParameter[] kept = [.. net.Layers.Where(layer => !IsPadding(layer))];
        net.Layers.Clear();
        net.Layers.Add(kept);
    }

    private static bool IsPadding(V1LayerParameter layer) => layer.Layer?.Type == Padding;

    private static string Describe(V1LayerParameter layer) => $"Layer '{layer.Layer?.Name ?? layer.Name}'";

    private static CaffeException Fault(string code, string message, SourcePlace? place) =>
        new(code, FailureKind.Configuration, message, place);

    private static void Absorb(V1LayerParameter layer, int bottom, V1LayerParameter padding, UpgradeLog log)
    {
        V0LayerParameter? own = layer.Layer;
        bool alone = layer.Bottom.Count == 1 && padding.Bottom.Count == 1 && padding.Top.Count == 1;
        if (own?.Type is not ("conv" or "pool") || !alone)
        {
            throw Fault(
                ErrorCodes.BadConnection,
                $"{Describe(padding)} feeds {Describe(layer)} of type '{own?.Type}' with {layer.Bottom.Count} bottoms; "
                + "a padding layer has one bottom and one top, for a conv or pool with one bottom.",
                SourcePlaces.OfField(layer, "bottom", bottom));
        }

        SourcePlace? place = SourcePlaces.Of(padding);
        if (own.Pad != 0)
            log.Done($"{Describe(layer)}: its own pad {own.Pad} gives way to that of {Describe(padding)}.", place);
        own.Pad = padding.Layer.Pad;
        layer.Bottom[bottom] = padding.Bottom[0];
        FieldMove.CarryPlace(padding.Layer, "pad", own, "pad");
        FieldMove.CarryPlace(padding, "bottom", layer, "bottom");
        log.Done($"{Describe(padding)} became pad: {own.Pad} of {Describe(layer)}.", place);
    }
}
