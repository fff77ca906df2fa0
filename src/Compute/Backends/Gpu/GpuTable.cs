using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// Whole numbers in an accelerator's memory that kernels look up, copied there when they change: strides, offsets.
/// </summary>
internal sealed unsafe class GpuTable : IDisposable
{
    private GpuDevice? _device;
    private GpuHostView? _host;
    private int[] _values = [];
    private int _count = -1;
    private MemoryBuffer1D<float, Stride1D.Dense>? _buffer;

    /// <summary>The table in a device's memory.</summary>
    /// <param name="device">The device, always the same.</param>
    /// <param name="values">What it is to hold, at least one number.</param>
    public ArrayView<int> On(GpuDevice device, ReadOnlySpan<int> values)
    {
        if (_buffer is null || _values.Length < values.Length || !ReferenceEquals(_device, device))
            Grow(device, values.Length);
        ArrayView<int> table = _buffer!.View.BaseView.Cast<int>().SubView(0, values.Length);
        if (!values.SequenceEqual(_values.AsSpan(0, Math.Max(0, _count))))
        {
            values.CopyTo(_values);
            _count = values.Length;
            ArrayView<byte> target = table.Cast<byte>();
            fixed (int* source = _values)
                device.CopyToDevice(_host!.Of(source, target.Length), target);
        }

        return table;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not null)
            _device!.Return(_buffer);
        _buffer = null;
    }

    // The array is pinned: it stays where it is.
    private void Grow(GpuDevice device, int count)
    {
        Dispose();
        _device = device;
        _host = new GpuHostView(device);
        _values = GC.AllocateArray<int>(count, pinned: true);
        _count = -1;
        _buffer = device.Rent((long)count * sizeof(int));
    }
}
