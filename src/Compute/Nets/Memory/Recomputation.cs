using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Nets.Memory;

/// <summary>
/// A top that is not kept for the backward pass. The first layer to read it there has it computed again, and before it
/// what it is computed from, where that is not kept either.
/// </summary>
internal sealed class Recomputation
{
    private readonly NetLayer _layer;
    private Recomputation[] _sources = [];
    private bool _isLost;

    private Recomputation(NetLayer layer) => _layer = layer;

    /// <summary>Whether a layer's top may be computed again instead of being kept.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="use">What its net is used for.</param>
    public static bool Covers(NetLayer layer, NetUse use) =>
        use.Recompute == Recompute.Cheap && layer.Layer.CanRecompute && layer.Top.Length == 1
        && !layer.Bottom.Contains(layer.Top[0]);

    /// <summary>Tells the layers of a net what they have to have computed again before they run backward.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="plan">The plan.</param>
    public static void Apply(IReadOnlyList<NetLayer> layers, MemoryPlan plan)
    {
        Dictionary<SyncedMemory, Recomputation> tops = plan.Shared.Where(block => block.RecomputedBy is not null)
            .ToDictionary(block => block.Memory, block => new Recomputation(block.RecomputedBy!));
        foreach (NetLayer layer in layers)
        {
            layer.Forgets = layer.Top.Length > 0 && tops.GetValueOrDefault(layer.Top[0].DataMemory) is { } own
                && own._layer == layer ? own : null;
            GradientReads reads = layer.NeedBackward
                ? layer.Layer.ReadsBackward(layer.Bottom, layer.Top) : GradientReads.None;
            Blob[] read =
            [
                .. reads.HasFlag(GradientReads.Bottoms) ? layer.Bottom : [],
                .. reads.HasFlag(GradientReads.Tops) ? layer.Top : [],
            ];
            layer.Recomputes = Of(read, tops);
        }

        foreach (Recomputation top in tops.Values)
            top._sources = Of(top._layer.Bottom, tops);
    }

    /// <summary>Called when the top was computed in the forward pass: it will not last.</summary>
    public void Forget() => _isLost = true;

    /// <summary>Brings the top's values back, once in a backward pass.</summary>
    public void BringBack()
    {
        if (!_isLost)
            return;
        foreach (Recomputation source in _sources)
            source.BringBack();
        _layer.Layer.Recompute(_layer.Bottom, _layer.Top);
        _isLost = false;
    }

    private static Recomputation[] Of(Blob[] blobs, Dictionary<SyncedMemory, Recomputation> tops) =>
        [.. blobs.Select(blob => tops.GetValueOrDefault(blob.DataMemory)).OfType<Recomputation>()];
}
