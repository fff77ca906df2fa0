namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Scratch memory of a CPU device: for each worker, and for all together, a few numbered buffers that grow when a
/// kernel asks for more and are kept, so that a steady iteration allocates nothing. Contents are undefined between
/// calls. A worker's buffers belong to that worker while it runs.
/// </summary>
public sealed unsafe class Workspace : IDisposable
{
    /// <summary>Number of buffers a worker has.</summary>
    public const int Slots = 8;

    private readonly void*[] _buffers;
    private readonly long[] _bytes;

    internal Workspace(int threads)
    {
        _buffers = new void*[(threads + 1) * Slots];
        _bytes = new long[(threads + 1) * Slots];
    }

    /// <summary>Bytes held by all buffers.</summary>
    public long Bytes => _bytes.Sum();

    /// <summary>A worker's buffer, 64-byte aligned, at least so large.</summary>
    /// <param name="worker">The worker that asks.</param>
    /// <param name="slot">0 to <see cref="Slots"/> - 1.</param>
    /// <param name="count">Floats wanted.</param>
    public float* OfWorker(int worker, int slot, long count) => Get(((worker + 1) * Slots) + slot, count);

    /// <summary>A buffer of all workers, 64-byte aligned; to be asked for before the parallel part begins.</summary>
    /// <param name="slot">0 to <see cref="Slots"/> - 1.</param>
    /// <param name="count">Floats wanted.</param>
    public float* Shared(int slot, long count) => Get(slot, count);

    /// <summary>Frees all buffers.</summary>
    public void Dispose()
    {
        for (int i = 0; i < _buffers.Length; i++)
        {
            HostMemory.Free(_buffers[i], _bytes[i]);
            _buffers[i] = null;
            _bytes[i] = 0;
        }
    }

    private float* Get(int index, long count)
    {
        // One register of slack on top: kernels may read a whole register past the end.
        long bytes = checked((count * sizeof(float)) + 64);
        if (_bytes[index] < bytes)
        {
            HostMemory.Free(_buffers[index], _bytes[index]);
            // There may be too little memory: what was freed is then nobody's.
            _buffers[index] = null;
            _bytes[index] = 0;
            _buffers[index] = HostMemory.Allocate(bytes);
            _bytes[index] = bytes;
        }

        return (float*)_buffers[index];
    }
}
