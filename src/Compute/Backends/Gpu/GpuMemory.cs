using CaffeActors.Compute.Blobs;
using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>A block of an accelerator's memory. It goes back to the device's pool when it is disposed of.</summary>
internal sealed unsafe class GpuMemory : IDeviceMemory
{
    private readonly GpuDevice _device;
    private readonly GpuHostView _host;

    public GpuMemory(GpuDevice device, MemoryBuffer1D<float, Stride1D.Dense> buffer, long bytes)
    {
        _device = device;
        _host = new GpuHostView(device);
        Buffer = buffer;
        Bytes = bytes;
    }

    /// <summary>The memory, at least <see cref="Bytes"/> long.</summary>
    public MemoryBuffer1D<float, Stride1D.Dense> Buffer { get; }

    /// <summary>What was asked for.</summary>
    public long Bytes { get; set; }

    private ArrayView<byte> Raw => Buffer.View.BaseView.Cast<byte>().SubView(0, Bytes);

    public void CopyFromHost(void* source) => _device.CopyToDevice(_host.Of(source, Bytes), Raw);

    public void CopyToHost(void* target) => _device.CopyToHost(Raw, _host.Of(target, Bytes));

    public bool TryCopyFromPeer(IDeviceMemory source)
    {
        if (source is not GpuMemory other)
            return false;
        _device.CopyFromPeer(other._device, other.Raw, Raw);
        return true;
    }

    public void Clear() => _device.Clear(Raw);

    public void Dispose() => _device.Return(this);
}
