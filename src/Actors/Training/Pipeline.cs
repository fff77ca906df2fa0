using CaffeActors.Compute.Nets;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Training;

/// <summary>
/// A batch that is cut into parts, and copies of the net that hold what they leave behind: as many parts are on their
/// way at once as there are copies. All copies work with the first one's parameters and add to its gradients.
/// </summary>
internal sealed class Pipeline : IDisposable
{
    /// <summary>Puts copies together.</summary>
    /// <param name="nets">At least one, all alike; the others are made to share the first one's parameters.</param>
    /// <param name="microBatches">Parts of a batch, a multiple of the number of nets.</param>
    public Pipeline(IReadOnlyList<Net> nets, int microBatches)
    {
        MicroBatches = microBatches;
        IReadOnlyList<PartOrder> parts = PartOrder.Of(nets[0], nets.Count);
        Slots = [.. nets.Select((net, slot) => new PipelineSlot(net, nets.Count > 1 ? parts[slot] : null))];
        foreach (Net net in nets.Skip(1))
            Share(nets[0], net);
    }

    /// <summary>The copies.</summary>
    public IReadOnlyList<PipelineSlot> Slots { get; }

    /// <summary>Parts of a batch.</summary>
    public int MicroBatches { get; }

    /// <summary>The number of the next pass's first part, over all iterations: random numbers follow from it.</summary>
    public long FirstPart { get; set; }

    /// <summary>The net that failed, or whose loss was no number; null for none.</summary>
    public Net? Faulty { get; set; }

    /// <summary>Copies for a number of devices: no fewer, so that none has to wait, and a divisor of the parts, so that
    /// each copy gets the same parts of each batch.</summary>
    /// <param name="devices">Number of devices, at least 1.</param>
    /// <param name="microBatches">Parts of a batch, at least 1.</param>
    public static int SlotsFor(int devices, int microBatches) =>
        Enumerable.Range(1, microBatches).First(
            slots => microBatches % slots == 0 && (slots >= devices || slots == microBatches));

    /// <summary>Brings the copies' data to where the first one's are, as they all stand between two batches.</summary>
    public void AlignData()
    {
        foreach (PipelineSlot slot in Slots.Skip(1))
        {
            foreach (NetLayer layer in slot.Net.Layers)
            {
                if (layer.Layer is BatchLayer copy)
                    copy.Seek(((BatchLayer)Slots[0].Net.Layers[layer.Rank].Layer).Position);
            }
        }
    }

    /// <summary>Frees the copies but the first, which is its replica's.</summary>
    public void Dispose()
    {
        foreach (PipelineSlot slot in Slots.Skip(1))
            slot.Net.Dispose();
    }

    private static void Share(Net owner, Net copy)
    {
        foreach (NetLayer layer in copy.Layers)
        {
            for (int i = 0; i < layer.Layer.Blobs.Count; i++)
            {
                layer.Layer.Blobs[i].ShareData(owner.Layers[layer.Rank].Layer.Blobs[i]);
                layer.Layer.Blobs[i].ShareDiff(owner.Layers[layer.Rank].Layer.Blobs[i]);
            }
        }
    }
}
