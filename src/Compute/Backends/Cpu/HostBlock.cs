using System.Runtime.InteropServices;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>A block of a <see cref="HostStore"/>.</summary>
internal sealed unsafe class HostBlock : IDeviceMemory
{
    private readonly HostStore _store;
    private readonly CpuDevice _device;
    private readonly long _bytes;
    private void* _address;

    public HostBlock(HostStore store, CpuDevice device, long bytes)
    {
        _store = store;
        _device = device;
        _bytes = bytes;
        _address = HostMemory.Allocate(bytes, clear: false);
        store.Count(bytes);
    }

    ~HostBlock() => Free();

    /// <inheritdoc/>
    public void* HostAddress => _address;

    /// <inheritdoc/>
    public void CopyFromHost(void* source) => NativeMemory.Copy(source, _address, (nuint)_bytes);

    /// <inheritdoc/>
    public void CopyToHost(void* target) => NativeMemory.Copy(_address, target, (nuint)_bytes);

    /// <inheritdoc/>
    public void ReadHalves(float* target, long count, StorageType type) =>
        Elementwise.Run(_device, (int)count, new ExpandBody((ushort*)_address, target, type));

    /// <inheritdoc/>
    public void WriteHalves(float* source, long count, StorageType type) =>
        Elementwise.Run(_device, (int)count, new RoundBody(source, (ushort*)_address, type));

    /// <inheritdoc/>
    public void Clear() => NativeMemory.Clear(_address, (nuint)_bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_address is null)
            return;
        HostMemory.Free(_address, _bytes);
        _address = null;
        _store.Count(-_bytes);
    }

    private readonly struct ExpandBody(ushort* source, float* target, StorageType type) : IRangeBody
    {
        public void Invoke(int from, int to) => HalfConversion.Expand(source + from, target + from, to - from, type);
    }

    private readonly struct RoundBody(float* source, ushort* target, StorageType type) : IRangeBody
    {
        public void Invoke(int from, int to) => HalfConversion.Round(source + from, target + from, to - from, type);
    }
}
