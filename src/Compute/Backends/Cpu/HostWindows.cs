namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Memory for the floats of blobs that rest in 16 bits, lent while a layer works on them. There are never more windows
/// than were once lent at the same time: one that is too small makes way for a larger one, so a steady iteration
/// allocates nothing. Contents are undefined. Thread-safe.
/// </summary>
public sealed unsafe class HostWindows : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<(nint Address, nuint Bytes)> _free = [];
    private bool _disposed;

    /// <summary>Bytes of all windows, lent or not.</summary>
    public long Bytes { get; private set; }

    /// <summary>How often memory was asked of the system.</summary>
    public long Allocations { get; private set; }

    /// <summary>Lends a window on a 64-byte boundary.</summary>
    /// <param name="bytes">Its least size.</param>
    /// <param name="size">Its size, to be handed back with it.</param>
    public void* Rent(nuint bytes, out nuint size)
    {
        lock (_gate)
        {
            int fit = -1, largest = -1;
            for (int i = 0; i < _free.Count; i++)
            {
                if (_free[i].Bytes >= bytes && (fit < 0 || _free[i].Bytes < _free[fit].Bytes))
                    fit = i;
                if (largest < 0 || _free[i].Bytes > _free[largest].Bytes)
                    largest = i;
            }

            if (fit >= 0)
            {
                (nint address, size) = _free[fit];
                _free.RemoveAt(fit);
                return (void*)address;
            }

            if (largest >= 0)
            {
                Free(_free[largest]);
                _free.RemoveAt(largest);
            }

            void* window = HostMemory.Allocate((long)bytes, clear: false);
            size = bytes;
            Bytes += (long)bytes;
            Allocations++;
            return window;
        }
    }

    /// <summary>Takes a window back.</summary>
    public void Return(void* address, nuint size)
    {
        lock (_gate)
        {
            if (_disposed)
                Free(((nint)address, size));
            else
                _free.Add(((nint)address, size));
        }
    }

    /// <summary>Frees what is not lent; what is, when it comes back.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach ((nint Address, nuint Bytes) window in _free)
                Free(window);
            _free.Clear();
        }
    }

    private void Free((nint Address, nuint Bytes) window)
    {
        HostMemory.Free((void*)window.Address, (long)window.Bytes);
        Bytes -= (long)window.Bytes;
    }
}
