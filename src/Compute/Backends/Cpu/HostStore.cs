using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Where blobs with a 16-bit <see cref="StorageType"/> rest between passes of a net on the CPU: host memory of half
/// their size, converted over the device's threads, and the windows of floats that a layer opens on them while it runs.
/// Conversions run on the thread that drives the device, as all its work does.
/// </summary>
public sealed class HostStore : IDeviceAllocator, IDisposable
{
    private readonly CpuDevice _device;
    private long _bytes;

    internal HostStore(CpuDevice device) => _device = device;

    /// <summary>The windows.</summary>
    public HostWindows Windows { get; } = new();

    /// <summary>Bytes of all blocks at rest.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <inheritdoc/>
    public IDeviceMemory Allocate(long bytes) => new HostBlock(this, _device, bytes);

    /// <summary>Frees the windows that are not in use; those that come back later are freed then.</summary>
    public void Dispose() => Windows.Dispose();

    internal void Count(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
