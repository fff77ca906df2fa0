using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Nets;

/// <summary>
/// Lets the 16-bit blobs around a layer on the CPU rest when it has run: what it wrote is rounded, and the windows of
/// floats it worked on are closed, so that only the running layer's are open. What it is to overwrite is opened
/// before, without a look at the old values.
/// </summary>
internal sealed unsafe class RestingBlobs
{
    private readonly HostStore _store;
    private readonly Blob[] _bottom;
    private readonly Blob[] _top;

    private RestingBlobs(HostStore store, NetLayer layer)
    {
        _store = store;
        _bottom = layer.Bottom;
        _top = layer.Top;
    }

    /// <summary>What a layer needs: null where all its blobs are kept in 32 bits.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="store">Where blobs rest.</param>
    public static RestingBlobs? Of(NetLayer layer, HostStore store) =>
        layer.Bottom.Concat(layer.Top).Any(blob => Rests(blob.DataStorage) || Rests(blob.DiffStorage))
            ? new RestingBlobs(store, layer) : null;

    /// <summary>Opens the tops' data, to be overwritten.</summary>
    public void BeforeForward()
    {
        foreach (Blob top in _top)
        {
            if (Rests(top.DataMemory.Storage) && !Contains(_bottom, top.DataMemory, data: true))
                top.DataMemory.OverwriteCpuData();
        }
    }

    /// <summary>Opens the diffs that the layer is to compute.</summary>
    /// <param name="propagateDown">For each bottom, whether its diff is.</param>
    public void BeforeBackward(bool[] propagateDown)
    {
        for (int b = 0; b < _bottom.Length; b++)
        {
            SyncedMemory memory = _bottom[b].DiffMemory;
            if (propagateDown[b] && Rests(memory.Storage) && !Contains(_top, memory, data: false))
                memory.OverwriteCpuData();
        }
    }

    /// <summary>Closes all windows, what was written first rounded.</summary>
    public void Close()
    {
        foreach (Blob bottom in _bottom)
            Close(bottom);
        foreach (Blob top in _top)
            Close(top);
    }

    private static bool Rests(StorageType storage) => storage != StorageType.Float32;

    private static bool Contains(Blob[] blobs, SyncedMemory memory, bool data)
    {
        foreach (Blob blob in blobs)
        {
            if (ReferenceEquals(data ? blob.DataMemory : blob.DiffMemory, memory))
                return true;
        }

        return false;
    }

    private void Close(Blob blob)
    {
        if (Rests(blob.DataMemory.Storage))
            blob.DataMemory.Settle(_store);
        if (Rests(blob.DiffMemory.Storage))
            blob.DiffMemory.Settle(_store);
    }
}
