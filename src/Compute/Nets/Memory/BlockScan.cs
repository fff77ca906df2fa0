using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;

namespace CaffeActors.Compute.Nets.Memory;

/// <summary>
/// Finds the blocks of memory of a net's blobs, and which events touch each: data are written and read forward, and
/// read backward where a gradient needs them; diffs are written and read backward. Blobs that share their memory are
/// one block.
/// </summary>
internal sealed class BlockScan
{
    private readonly IReadOnlyList<NetLayer> _layers;
    private readonly EventOrder _order;
    private readonly NetUse _use;
    private readonly HashSet<string> _kept;
    private readonly OrderedDictionary<SyncedMemory, Entry> _data = [];
    private readonly OrderedDictionary<SyncedMemory, Entry> _diffs = [];

    private BlockScan(IReadOnlyList<NetLayer> layers, EventOrder order, NetUse use, HashSet<string> kept)
    {
        _layers = layers;
        _order = order;
        _use = use;
        _kept = kept;
    }

    /// <summary>Scans a net; its layers must have been set up.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="order">The order of their events.</param>
    /// <param name="use">What the net is used for.</param>
    /// <param name="outputs">Blobs that no layer reads.</param>
    /// <returns>All blocks that the use touches.</returns>
    public static IReadOnlyList<ScannedBlock> Of(
        IReadOnlyList<NetLayer> layers, EventOrder order, NetUse use, IEnumerable<string> outputs)
    {
        var scan = new BlockScan(layers, order, use, [.. use.Kept, .. outputs]);
        foreach (NetLayer layer in layers)
            scan.AddForward(layer);
        if (use.Backward)
        {
            foreach (NetLayer layer in layers.Where(layer => layer.NeedBackward))
                scan.AddBackward(layer);
            foreach (NetLayer layer in layers.Reverse())
                scan.AddRecomputed(layer);
        }

        return
        [
            .. scan._data.Select(pair => pair.Value.Block(pair.Key)),
            .. scan._diffs.Select(pair => pair.Value.Block(pair.Key)),
        ];
    }

    private void AddForward(NetLayer layer)
    {
        for (int b = 0; b < layer.Bottom.Length; b++)
        {
            Touch(_data, layer.Bottom[b].DataMemory, layer, layer.BottomNames[b])
                .Forward.Add(EventOrder.Forward(layer.Rank));
        }

        for (int t = 0; t < layer.Top.Length; t++)
        {
            Entry entry = Touch(_data, layer.Top[t].DataMemory, layer, layer.TopNames[t]);
            entry.Forward.Add(EventOrder.Forward(layer.Rank));
            if (layer.Bottom.All(bottom => bottom == layer.Top[t] || bottom.DataMemory != layer.Top[t].DataMemory))
                entry.Writers.Add(layer);
            // What nobody could ask for by name nobody reads, but for the layer itself.
            entry.IsOwn |= t >= layer.Layer.Parameter.Top.Count;
        }
    }

    private void AddBackward(NetLayer layer)
    {
        int now = _order.Backward(layer.Rank);
        GradientReads reads = layer.Layer.ReadsBackward(layer.Bottom, layer.Top);
        for (int b = 0; b < layer.Bottom.Length; b++)
        {
            if (reads.HasFlag(GradientReads.Bottoms))
                _data[layer.Bottom[b].DataMemory].Backward.Add(now);
            if (!layer.BottomNeedBackward[b])
                continue;
            Entry entry = Touch(_diffs, layer.Bottom[b].DiffMemory, layer, layer.BottomNames[b]);
            entry.Backward.Add(now);
            // What hands on its top's diff in the same memory makes none.
            if (layer.Top.All(top => top.DiffMemory != layer.Bottom[b].DiffMemory))
                entry.Writers.Add(layer);
            entry.IsOwn |= _layers[layer.Producers[b].Rank].Bottom.Length == 0;
        }

        for (int t = 0; t < layer.Top.Length; t++)
        {
            if (reads.HasFlag(GradientReads.Tops))
                AddReaders(layer, t);
            Entry entry = Touch(_diffs, layer.Top[t].DiffMemory, layer, layer.TopNames[t]);
            entry.Backward.Add(now);
            // A weight in the loss stands there from pass to pass.
            entry.IsOwn |= layer.Layer.LossWeight(t) != 0;
        }
    }

    // A layer that works in place may leave its gradient to the one that wrote before it (Passes.NetPasses.FuseReLU).
    private void AddReaders(NetLayer layer, int top)
    {
        Entry entry = _data[layer.Top[top].DataMemory];
        entry.Backward.Add(_order.Backward(layer.Rank));
        while (Array.IndexOf(layer.Bottom, layer.Top[top]) is var bottom and >= 0)
        {
            LayerLink writer = layer.Producers[bottom];
            (layer, top) = (_layers[writer.Rank], writer.Index);
            if (layer.NeedBackward)
                entry.Backward.Add(_order.Backward(layer.Rank));
        }
    }

    // What reads a block that is computed again may be the first to, and then reads what that is computed from.
    private void AddRecomputed(NetLayer layer)
    {
        if (!Recomputation.Covers(layer, _use))
            return;
        Entry top = _data[layer.Top[0].DataMemory];
        // The layer may only show what another one wrote.
        if (top.IsOwn || top.Writers.Count > 1 || !top.Writers.Contains(layer))
            return;
        top.IsRecomputed = true;
        foreach (Blob bottom in layer.Bottom)
            _data[bottom.DataMemory].Backward.UnionWith(top.Backward);
    }

    private Entry Touch(
        OrderedDictionary<SyncedMemory, Entry> entries, SyncedMemory memory, NetLayer layer, string name)
    {
        if (!entries.TryGetValue(memory, out Entry? entry))
            entries.Add(memory, entry = new Entry());
        // Layers without bottoms hand out memory that is not the net's, and may change it; what classes of others do
        // with blobs nobody knows.
        entry.IsOwn |= layer.Bottom.Length == 0 || layer.Layer.BelongsToHost || _kept.Contains(name)
            || memory.Storage != StorageType.Float32 || memory.Bytes == 0;
        return entry;
    }

    private sealed class Entry
    {
        public SortedSet<int> Forward { get; } = [];

        public SortedSet<int> Backward { get; } = [];

        public HashSet<NetLayer> Writers { get; } = [];

        public bool IsOwn { get; set; }

        public bool IsRecomputed { get; set; }

        // A diff that no layer writes is zero, and must stay so.
        public ScannedBlock Block(SyncedMemory memory)
        {
            List<IReadOnlyList<int>> lives = IsRecomputed && Backward.Count > 0
                ? [[.. Forward], [.. Backward]]
                : [[.. Forward.Union(Backward)]];
            return new ScannedBlock(memory, new MemoryBlock(memory.Bytes, lives), IsOwn || Writers.Count == 0)
            {
                RecomputedBy = lives.Count > 1 ? Writers.Single() : null,
            };
        }
    }
}
