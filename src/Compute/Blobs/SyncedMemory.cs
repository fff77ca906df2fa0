using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace CaffeActors.Compute.Blobs;

/// <summary>
/// A block of memory with a CPU side and, where an accelerator is bound, a device side. A side is allocated when it
/// is first asked for, zero-filled; a copy happens only when the other side's newer values are asked for.
/// The CPU side is native memory on a 64-byte boundary. Blocks are counted by reference, so that blobs can share
/// them; the last <see cref="Release"/> frees both sides. Not thread-safe: one writer at a time, as blobs promise.
/// </summary>
public sealed unsafe class SyncedMemory
{
    /// <summary>Alignment of the CPU side in bytes: one AVX-512 register, one cache line.</summary>
    public const int Alignment = 64;

    private readonly IDeviceAllocator? _allocator;
    private void* _cpu;
    private IDeviceMemory? _device;
    private int _references = 1;

    /// <summary>Describes a block; nothing is allocated yet.</summary>
    /// <param name="bytes">Size, at least 0.</param>
    /// <param name="allocator">The accelerator whose memory mirrors the block; null for a block of the CPU
    /// alone.</param>
    public SyncedMemory(long bytes, IDeviceAllocator? allocator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        _allocator = allocator;
    }

    /// <summary>Frees a block that was never released.</summary>
    ~SyncedMemory() => FreeCpu();

    /// <summary>Size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>Which side is newest.</summary>
    public SyncState Head { get; private set; }

    /// <summary>The CPU's values for reading, copied from the device if those are newer.</summary>
    public void* CpuData()
    {
        ToCpu();
        return _cpu;
    }

    /// <summary>The CPU's values for reading and writing; the device's side becomes stale.</summary>
    public void* MutableCpuData()
    {
        ToCpu();
        Head = SyncState.HeadAtCpu;
        return _cpu;
    }

    /// <summary>The CPU side to be overwritten whole: nothing is copied from the device.</summary>
    public void* OverwriteCpuData()
    {
        if (_cpu is null)
            AllocateCpu();
        Head = SyncState.HeadAtCpu;
        return _cpu;
    }

    /// <summary>The device's values for reading, copied from the CPU if those are newer.</summary>
    /// <exception cref="InvalidOperationException">The block has no device.</exception>
    public IDeviceMemory DeviceData()
    {
        ToDevice();
        return _device!;
    }

    /// <summary>The device's values for reading and writing; the CPU's side becomes stale.</summary>
    /// <exception cref="InvalidOperationException">The block has no device.</exception>
    public IDeviceMemory MutableDeviceData()
    {
        ToDevice();
        Head = SyncState.HeadAtGpu;
        return _device!;
    }

    /// <summary>One more user of the block.</summary>
    public SyncedMemory AddReference()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>One user less; the last one frees the block.</summary>
    [SuppressMessage("Usage", "CA1816", Justification = "The last release is this type's Dispose.")]
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        FreeCpu();
        _device?.Dispose();
        _device = null;
        Head = SyncState.Uninitialized;
        GC.SuppressFinalize(this);
    }

    private void ToCpu()
    {
        switch (Head)
        {
            case SyncState.Uninitialized:
                AllocateCpu();
                Head = SyncState.HeadAtCpu;
                break;
            case SyncState.HeadAtGpu:
                if (_cpu is null)
                    AllocateCpu();
                _device!.CopyToHost(_cpu);
                Head = SyncState.Synced;
                break;
            case SyncState.HeadAtCpu:
            case SyncState.Synced:
                break;
        }
    }

    private void ToDevice()
    {
        if (_allocator is null)
            throw new InvalidOperationException("This memory block belongs to the CPU alone.");
        switch (Head)
        {
            case SyncState.Uninitialized:
                _device = _allocator.Allocate(Bytes);
                _device.Clear();
                Head = SyncState.HeadAtGpu;
                break;
            case SyncState.HeadAtCpu:
                _device ??= _allocator.Allocate(Bytes);
                _device.CopyFromHost(_cpu);
                Head = SyncState.Synced;
                break;
            case SyncState.HeadAtGpu:
            case SyncState.Synced:
                break;
        }
    }

    private void AllocateCpu()
    {
        ObjectDisposedException.ThrowIf(_references <= 0, this);
        if (Bytes == 0)
            return;
        // One register of slack: kernels may read (never write) a whole register at the end of a row.
        nuint size = (nuint)Bytes + Alignment;
        _cpu = NativeMemory.AlignedAlloc(size, Alignment);
        NativeMemory.Clear(_cpu, size);
        GC.AddMemoryPressure(Bytes);
    }

    private void FreeCpu()
    {
        if (_cpu is null)
            return;
        NativeMemory.AlignedFree(_cpu);
        _cpu = null;
        GC.RemoveMemoryPressure(Bytes);
    }
}
