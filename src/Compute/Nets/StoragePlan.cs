using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <summary>
/// Decides how each blob of a net is kept. The layer that makes it says the form (<see cref="Precision"/>), and a blob
/// stays in 32 bits where digits must not be lost: what layers without bottoms make (their memory is a batch's, or the
/// user's), losses and what counts in the loss, what no layer reads, and what a reader needs exact (labels, indices),
/// back to where it comes from as far as nothing learnt lies between. Blobs that share their memory have one form, 32
/// bits where they disagree.
/// </summary>
internal sealed class StoragePlan
{
    private readonly NetParameter _net;
    private readonly StorageType _standard;
    private readonly IReadOnlyList<NetLayer> _layers;
    private readonly HashSet<Blob> _outputs;
    private readonly HashSet<SyncedMemory> _exactData = [];
    private readonly HashSet<SyncedMemory> _exactDiff = [];

    private StoragePlan(
        NetParameter net, IReadOnlyList<NetLayer> layers, IEnumerable<Blob> outputs, StorageType standard)
    {
        _net = net;
        _layers = layers;
        _outputs = [.. outputs];
        _standard = standard;
    }

    /// <summary>Sets the storage of all blobs; the layers must have been set up.</summary>
    /// <param name="net">The net.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="outputs">The blobs that no layer reads.</param>
    /// <param name="standard">The form where the net says none.</param>
    /// <returns>Whether a blob is kept in 16 bits.</returns>
    public static bool Apply(
        NetParameter net, IReadOnlyList<NetLayer> layers, IEnumerable<Blob> outputs, StorageType standard)
    {
        if (net.Layer.All(layer => Precision.Of(net, layer, standard) == default))
            return false;
        var plan = new StoragePlan(net, layers, outputs, standard);
        plan.FindDisagreements();
        plan.FindExact();
        return plan.Store();
    }

    private void FindDisagreements()
    {
        Dictionary<SyncedMemory, StorageType> data = [], diffs = [];
        foreach (NetLayer layer in _layers)
        {
            Precision precision = Of(layer);
            foreach (Blob top in layer.Top)
            {
                if (data.TryAdd(top.DataMemory, precision.Forward) is false
                    && data[top.DataMemory] != precision.Forward)
                    _exactData.Add(top.DataMemory);
                if (diffs.TryAdd(top.DiffMemory, precision.Backward) is false
                    && diffs[top.DiffMemory] != precision.Backward)
                    _exactDiff.Add(top.DiffMemory);
            }
        }
    }

    // Readers come after those they read from: one way back finds all.
    private void FindExact()
    {
        foreach (NetLayer layer in _layers.Reverse())
        {
            bool carries = !layer.NeedBackward && layer.Layer.Blobs.Count == 0;
            bool needs = false;
            for (int t = 0; t < layer.Top.Length; t++)
            {
                Blob top = layer.Top[t];
                if (layer.Bottom.Length == 0 || layer.Layer.IsLoss || layer.Layer.LossWeight(t) != 0
                    || _outputs.Contains(top))
                {
                    _exactData.Add(top.DataMemory);
                    _exactDiff.Add(top.DiffMemory);
                }
                else
                {
                    needs |= _exactData.Contains(top.DataMemory);
                }
            }

            for (int b = 0; b < layer.Bottom.Length; b++)
            {
                if (layer.Layer.NeedsExact(b) || (needs && carries))
                    _exactData.Add(layer.Bottom[b].DataMemory);
            }
        }
    }

    private bool Store()
    {
        bool any = false;
        foreach (NetLayer layer in _layers)
        {
            Precision precision = Of(layer);
            foreach (Blob top in layer.Top)
            {
                top.DataStorage = _exactData.Contains(top.DataMemory) ? StorageType.Float32 : precision.Forward;
                top.DiffStorage = _exactDiff.Contains(top.DiffMemory) ? StorageType.Float32 : precision.Backward;
                any |= top.DataStorage != StorageType.Float32 || top.DiffStorage != StorageType.Float32;
            }
        }

        return any;
    }

    private Precision Of(NetLayer layer) => Precision.Of(_net, layer.Layer.Parameter, _standard);
}
