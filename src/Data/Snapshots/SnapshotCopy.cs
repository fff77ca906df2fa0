using CaffeActors.Compute.Blobs;

namespace CaffeActors.Data.Snapshots;

/// <summary>
/// Copies of what a snapshot keeps, on the CPU, so that training need not wait until it is written. The memory is taken
/// by the first copy and used again by later ones: the one before must have been written by then. Not thread-safe.
/// </summary>
public sealed class SnapshotCopy : IDisposable
{
    private readonly List<Blob> _blobs = [];
    private readonly Dictionary<SyncedMemory, Blob> _copied = [];
    private int _used;

    /// <summary>Copies a net's weights and a solver's history; what an earlier call returned is overwritten.</summary>
    /// <param name="net">The net.</param>
    /// <param name="progress">The solver.</param>
    /// <param name="withDiff">Whether the net's diffs are copied too.</param>
    public (NetWeights Net, SolverProgress Progress) Take(NetWeights net, SolverProgress progress, bool withDiff)
    {
        _used = 0;
        LayerWeights[] layers =
        [
            .. net.Layers.Select(layer => layer with { Blobs = [.. layer.Blobs.Select(blob => Of(blob, withDiff))] }),
        ];
        Blob[] history = [.. progress.History.Select(blob => Of(blob, withDiff: false))];
        _copied.Clear();
        return (net with { Layers = layers }, progress with { History = history });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Blob blob in _blobs)
            blob.Dispose();
        _blobs.Clear();
    }

    private Blob Of(Blob blob, bool withDiff)
    {
        if (_used == _blobs.Count)
            _blobs.Add(new Blob());
        Blob copy = _blobs[_used++];

        // Layers that share a parameter have their copies in one place too.
        if (_copied.TryGetValue(blob.DataMemory, out Blob? known) && known.Count == blob.Count)
        {
            copy.ReshapeLike(blob);
            copy.ShareData(known);
        }
        else
        {
            copy.CopyDataFrom(blob);
            _copied[blob.DataMemory] = copy;
        }

        if (withDiff)
            copy.CopyDiffFrom(blob);
        return copy;
    }
}
