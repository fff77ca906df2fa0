namespace CaffeActors.Compute.Nets.Passes;

/// <summary>What the passes changed in a net. While it is looked at between layers all changes are taken
/// back.</summary>
internal sealed class NetRewrites
{
    private readonly IReadOnlyList<Rewrite> _rewrites;
    private bool _isActive;

    private NetRewrites(IReadOnlyList<Rewrite> rewrites) => _rewrites = rewrites;

    /// <summary>What was done where.</summary>
    public IReadOnlyList<PassEffect> Effects => [.. _rewrites.Select(rewrite => rewrite.Effect)];

    /// <summary>Whether the changes are made. May be set between passes.</summary>
    public bool IsActive
    {
        get => _isActive;
        set
        {
            if (value == _isActive)
                return;
            _isActive = value;
            foreach (Rewrite rewrite in _rewrites)
            {
                if (value)
                    rewrite.Apply();
                else
                    rewrite.Undo();
            }
        }
    }

    /// <summary>Finds where passes can change a net, and makes the changes.</summary>
    /// <param name="layers">The net's layers, set up; who runs backward and how blobs are kept is decided.</param>
    /// <param name="passes">The passes wanted.</param>
    /// <param name="unread">Names of the blobs that are not read after a pass.</param>
    public static NetRewrites Make(IReadOnlyList<NetLayer> layers, NetPasses passes, IEnumerable<string> unread)
    {
        // What is folded makes way for what follows it.
        var chains = new LayerChains(layers, unread);
        List<Rewrite> found = [];
        if (passes.HasFlag(NetPasses.FoldBatchNorm))
            found.AddRange(FoldBatchNorm.Find(chains));
        if (passes.HasFlag(NetPasses.FuseReLU))
            found.AddRange(FuseReLU.Find(chains));
        if (passes.HasFlag(NetPasses.TrimSplits))
            found.AddRange(TrimSplits.Find(layers));
        if (passes.HasFlag(NetPasses.KeepWeights))
            found.AddRange(KeepWeights.Find(layers));
        var rewrites = new NetRewrites(found) { IsActive = true };
        // Layers behind those whose memory is another's now share it in turn (Split, Flatten).
        foreach (NetLayer layer in found.Count > 0 ? layers : [])
            layer.Layer.Shape(layer.Bottom, layer.Top);
        return rewrites;
    }

    /// <summary>A line for the log; null where nothing was done.</summary>
    public string? Notice()
    {
        if (_rewrites.Count == 0)
            return null;
        IEnumerable<string> parts = Effects.GroupBy(effect => effect.Pass).Select(pass =>
            $"{PassNames.Of(pass.Key)} {pass.Sum(effect => Math.Max(1, effect.Absorbed.Count))}");
        return $"Passes, with the number of layers that have less to do: {string.Join(", ", parts)}";
    }
}
