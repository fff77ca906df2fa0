namespace CaffeActors.Compute.Blobs;

/// <summary>Memory of an accelerator, as <see cref="SyncedMemory"/> needs it.</summary>
public unsafe interface IDeviceMemory : IDisposable
{
    /// <summary>Copies the whole block from the host.</summary>
    /// <param name="source">Host memory of the block's size.</param>
    void CopyFromHost(void* source);

    /// <summary>Copies the whole block to the host.</summary>
    /// <param name="target">Host memory of the block's size.</param>
    void CopyToHost(void* target);

    /// <summary>Sets every byte to zero.</summary>
    void Clear();
}

/// <summary>Gives out memory of one accelerator.</summary>
public interface IDeviceAllocator
{
    /// <summary>Allocates a block; its contents are undefined.</summary>
    /// <param name="bytes">Size, at least 1.</param>
    IDeviceMemory Allocate(long bytes);
}
