using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Blobs;

/// <summary>Memory of an accelerator, as <see cref="SyncedMemory"/> needs it.</summary>
public unsafe interface IDeviceMemory : IDisposable
{
    /// <summary>Where the block lies if the host can reach it, else null: the default.</summary>
    void* HostAddress => null;

    /// <summary>Copies the whole block from the host.</summary>
    /// <param name="source">Host memory of the block's size.</param>
    void CopyFromHost(void* source);

    /// <summary>Copies the whole block to the host and waits until it is there.</summary>
    /// <param name="target">Host memory of the block's size.</param>
    void CopyToHost(void* target);

    /// <summary>Reads the block's 16-bit values as floats and waits until they are there. Default: converted by the
    /// calling thread.</summary>
    /// <param name="target">Receives the floats.</param>
    /// <param name="count">Number of values.</param>
    /// <param name="type">Their form.</param>
    void ReadHalves(float* target, long count, StorageType type) =>
        HalfTransfer.ToHost(this, target, count, type);

    /// <summary>Fills the block with floats rounded to 16 bits. Default: converted by the calling thread.</summary>
    /// <param name="source">The floats.</param>
    /// <param name="count">Number of values.</param>
    /// <param name="type">The form they are given.</param>
    void WriteHalves(float* source, long count, StorageType type) =>
        HalfTransfer.FromHost(source, this, count, type);

    /// <summary>Copies the whole block from another accelerator's, if the two know each other.</summary>
    /// <param name="source">A block of the same size.</param>
    /// <returns>Whether it was done. Default: it cannot.</returns>
    bool TryCopyFromPeer(IDeviceMemory source) => false;

    /// <summary>Sets every byte to zero.</summary>
    void Clear();
}

/// <summary>Gives out memory of one accelerator.</summary>
public interface IDeviceAllocator
{
    /// <summary>Where the CPU sides of blocks that rest here are lent from. Default null: each has its own.</summary>
    HostWindows? Windows => null;

    /// <summary>Allocates a block; its contents are undefined.</summary>
    /// <param name="bytes">Size, at least 1.</param>
    IDeviceMemory Allocate(long bytes);
}
