using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// A place in the host's memory as copies to and from an accelerator take it. Made again only when the place changes,
/// so that a steady iteration allocates nothing.
/// </summary>
internal sealed unsafe class GpuHostView(GpuDevice device)
{
    private CPUMemoryBuffer? _buffer;
    private void* _address;

    /// <summary>The place.</summary>
    /// <param name="address">Where.</param>
    /// <param name="bytes">How long.</param>
    public ArrayView<byte> Of(void* address, long bytes)
    {
        if (_buffer is null || _address != address || _buffer.LengthInBytes != bytes)
        {
            _buffer?.Dispose();
            _buffer = CPUMemoryBuffer.Create(device.Accelerator, (nint)address, bytes, 1);
            _address = address;
        }

        return _buffer.AsRawArrayView();
    }
}
