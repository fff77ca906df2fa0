using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers.Fusion;

namespace CaffeActors.Compute.Nets.Passes;

/// <summary>
/// Finds rectifiers of what a layer made that can rectify it itself. Where it can, and both run backward, it masks the
/// gradient too; else the rectifier's own backward pass stays.
/// </summary>
internal static class FuseReLU
{
    /// <summary>The places.</summary>
    /// <param name="chains">The net's chains; the layers found are absorbed.</param>
    public static IEnumerable<Rewrite> Find(LayerChains chains)
    {
        List<Rewrite> found = [];
        HashSet<NetLayer> hosts = [];
        foreach (NetLayer layer in chains.Layers)
        {
            if (layer.Layer is not IFusibleRectifier { FusibleSlope: { } slope }
                || chains.WriterBefore(layer) is not { } host
                || host.Layer is not IRectifierHost { CanRectify: true })
                continue;
            // In 16 bits what lies between is rounded: a sign is not changed by that, a slope's product is.
            if (slope != 0 && (host.Top[0].DataStorage, layer.Top[0].DataStorage) != default)
                continue;
            if (host.Top[0].DataStorage != layer.Top[0].DataStorage)
                continue;
            if (!hosts.Add(host))
                continue;
            chains.Absorb(layer);
            found.Add(new Fusing(host, layer, slope));
        }

        return found;
    }

    private sealed class Fusing(NetLayer host, NetLayer rectifier, float slope) : Rewrite
    {
        private readonly IRectifierHost _host = (IRectifierHost)host.Layer;

        private readonly bool _gradientToo = ((IRectifierHost)host.Layer).CanRectifyGradient
            && host.NeedBackward && rectifier.NeedBackward && rectifier.BottomNeedBackward[0];

        public override PassEffect Effect
        {
            get
            {
                long bytes = (long)sizeof(float) * host.Top[0].Count;
                return new PassEffect(
                    NetPasses.FuseReLU, host.Name, [rectifier.Name], 2 * bytes, _gradientToo ? bytes : 0, 0);
            }
        }

        public override void Apply() => Set(true);

        public override void Undo() => Set(false);

        private void Set(bool isFused)
        {
            _host.Rectify(isFused ? slope : null, _gradientToo);
            rectifier.Layer.IsForwardAbsorbed = isFused;
            rectifier.Layer.IsBackwardAbsorbed = isFused && _gradientToo;
        }
    }
}
