using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers.Fusion;

namespace CaffeActors.Compute.Nets.Passes;

/// <summary>
/// Finds layers that are maps of channels (BatchNorm with global statistics, Scale) and work in place on what a layer of
/// products, or a BatchNorm, wrote; none of them runs backward. Blobs kept in 16 bits are left alone: each layer rounds
/// them there.
/// </summary>
internal static class FoldBatchNorm
{
    /// <summary>The places.</summary>
    /// <param name="layers">The net's layers, set up.</param>
    /// <param name="absorbed">The layers whose work is done by others; those found are added.</param>
    public static IEnumerable<Rewrite> Find(IReadOnlyList<NetLayer> layers, ISet<NetLayer> absorbed)
    {
        Dictionary<NetLayer, List<NetLayer>> mapsOf = [];
        foreach (NetLayer layer in layers)
        {
            if (layer.NeedBackward || layer.Layer is not IChannelMap { MapAxis: { } axis }
                || InPlaceChain.WriterBefore(layers, layer, (IReadOnlySet<NetLayer>)absorbed) is not { } host
                || host.NeedBackward || host.Layer is not IChannelMapHost able || !able.CanFold(axis)
                || host.Top[0].DataStorage != StorageType.Float32)
                continue;
            if (!mapsOf.TryGetValue(host, out List<NetLayer>? maps))
                mapsOf.Add(host, maps = []);
            maps.Add(layer);
            absorbed.Add(layer);
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
