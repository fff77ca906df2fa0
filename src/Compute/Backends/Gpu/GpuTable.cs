using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// Whole numbers in an accelerator's memory that kernels look up, copied there when they change: strides, offsets.
/// </summary>
internal sealed class GpuTable : IDisposable
{
    private GpuDevice? _device;
    private int[] _values = [];
    private MemoryBuffer1D<int, Stride1D.Dense>? _buffer;

    /// <summary>The table in a device's memory.</summary>
    /// <param name="device">The device, always the same.</param>
    /// <param name="values">What it is to hold, at least one number.</param>
    public ArrayView<int> On(GpuDevice device, ReadOnlySpan<int> values)
    {
        if (_buffer is null || !ReferenceEquals(_device, device) || !values.SequenceEqual(_values))
        {
            _buffer?.Dispose();
            _values = values.ToArray();
            _buffer = device.Accelerator.Allocate1D(_values);
            _device = device;
        }

        return _buffer.View;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffer?.Dispose();
        _buffer = null;
    }
}
