using CaffeActors.Compute.Blobs;
using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// Scratch memory of an accelerator: a few numbered buffers that grow when a kernel asks for more and are kept. Work
/// runs in order, so a buffer may be used again as soon as what reads it is queued.
/// </summary>
internal sealed class GpuScratch(GpuDevice device) : IDisposable
{
    private readonly MemoryBuffer1D<float, Stride1D.Dense>?[] _buffers = new MemoryBuffer1D<float, Stride1D.Dense>?[4];

    /// <summary>A buffer; its contents are undefined.</summary>
    /// <param name="slot">0 to 3.</param>
    /// <param name="count">Floats wanted.</param>
    public Values Get(int slot, int count)
    {
        if (_buffers[slot] is not { } buffer || buffer.Length < count)
        {
            if (_buffers[slot] is { } small)
                device.Return(small);
            _buffers[slot] = null;
            _buffers[slot] = buffer = device.Rent((long)count * sizeof(float));
        }

        return new Values(buffer.View, StorageType.Float32);
    }

    public void Dispose()
    {
        foreach (MemoryBuffer1D<float, Stride1D.Dense>? buffer in _buffers)
        {
            if (buffer is not null)
                device.Return(buffer);
        }
    }
}
