using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers.Fusion;

namespace CaffeActors.Compute.Nets.Passes;

/// <summary>
/// Finds layers that are maps of channels (BatchNorm with global statistics, Scale) of what a layer of products, or a
/// BatchNorm, made; none of them runs backward. Blobs kept in 16 bits are left alone: each layer rounds them there.
/// </summary>
internal static class FoldBatchNorm
{
    /// <summary>The places.</summary>
    /// <param name="chains">The net's chains; the layers found are absorbed.</param>
    public static IEnumerable<Rewrite> Find(LayerChains chains)
    {
        Dictionary<NetLayer, List<NetLayer>> mapsOf = [];
        foreach (NetLayer layer in chains.Layers)
        {
            if (layer.NeedBackward || layer.Layer is not IChannelMap { MapAxis: { } axis }
                || chains.WriterBefore(layer) is not { } host || host.NeedBackward
                || host.Layer is not IChannelMapHost able || !able.CanFold(axis)
                || host.Top[0].DataStorage != StorageType.Float32
                || layer.Top[0].DataStorage != StorageType.Float32)
                continue;
            if (!mapsOf.TryGetValue(host, out List<NetLayer>? maps))
                mapsOf.Add(host, maps = []);
            maps.Add(layer);
            chains.Absorb(layer);
        }

        return mapsOf.OrderBy(found => found.Key.Rank).Select(found => new Folding(found.Key, found.Value));
    }

    private sealed class Folding(NetLayer host, IReadOnlyList<NetLayer> maps) : Rewrite
    {
        private readonly IChannelMapHost _host = (IChannelMapHost)host.Layer;
        private readonly IChannelMap[] _maps = [.. maps.Select(map => (IChannelMap)map.Layer)];

        public override PassEffect Effect => new(
            NetPasses.FoldBatchNorm, host.Name, [.. maps.Select(map => map.Name)],
            2L * sizeof(float) * host.Top[0].Count * maps.Count, 0, _host.FoldedBytes);

        public override void Apply() => Set(true);

        public override void Undo() => Set(false);

        private void Set(bool isFolded)
        {
            _host.Fold(isFolded ? _maps : []);
            foreach (NetLayer map in maps)
                map.Layer.IsForwardAbsorbed = isFolded;
        }
    }
}
