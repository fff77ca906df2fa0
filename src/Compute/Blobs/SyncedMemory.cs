using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace CaffeActors.Compute.Blobs;

/// <summary>
/// A block of 32-bit floats with a CPU side and a side on each accelerator that ever asked for it (mostly one).
/// A side is allocated when it is first asked for, zero-filled; a copy happens only when a side is asked for and
/// another one's values are newer. Between two accelerators values go directly where both can do it, else through the
/// CPU side. With a 16-bit <see cref="Storage"/> the accelerators' sides are kept in that form, and values are
/// converted on their way (rounded to nearest, ties to even).
/// The CPU side is native memory on a 64-byte boundary. Blocks are counted by reference, so that blobs can share
/// them; the last <see cref="Release"/> frees all sides. Not thread-safe: one writer at a time, as blobs promise.
/// </summary>
public sealed unsafe class SyncedMemory
{
    /// <summary>Alignment of the CPU side in bytes: one AVX-512 register, one cache line.</summary>
    public const int Alignment = 64;

    private Mirror[] _mirrors = [];
    private void* _cpu;
    private bool _cpuIsValid;
    private int _references = 1;

    /// <summary>Describes a block; nothing is allocated yet.</summary>
    /// <param name="bytes">Size of the CPU side, at least 0.</param>
    /// <param name="storage">How accelerators keep it.</param>
    public SyncedMemory(long bytes, StorageType storage = StorageType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        Storage = storage;
    }

    /// <summary>Frees a block that was never released.</summary>
    ~SyncedMemory() => FreeCpu();

    /// <summary>Size of the CPU side in bytes.</summary>
    public long Bytes { get; }

    /// <summary>How accelerators keep the block.</summary>
    public StorageType Storage { get; }

    /// <summary>Size of an accelerator's side in bytes.</summary>
    public long StoredBytes => Storage == StorageType.Float32 ? Bytes : Bytes / 2;

    /// <summary>Which side is newest.</summary>
    public SyncState Head
    {
        get
        {
            bool atDevice = NewestMirror() >= 0;
            return _cpuIsValid ? atDevice ? SyncState.Synced : SyncState.HeadAtCpu
                : atDevice ? SyncState.HeadAtGpu : SyncState.Uninitialized;
        }
    }

    /// <summary>The CPU's values for reading, copied from the device if those are newer.</summary>
    public void* CpuData()
    {
        ToCpu();
        return _cpu;
    }

    /// <summary>The CPU's values for reading and writing; the devices' sides become stale.</summary>
    public void* MutableCpuData()
    {
        ToCpu();
        Invalidate();
        return _cpu;
    }

    /// <summary>The CPU side to be overwritten whole: nothing is copied from the device.</summary>
    public void* OverwriteCpuData()
    {
        if (_cpu is null)
            AllocateCpu();
        _cpuIsValid = true;
        Invalidate();
        return _cpu;
    }

    /// <summary>A device's values for reading, copied to it if another side's are newer.</summary>
    /// <param name="device">The accelerator.</param>
    public IDeviceMemory DeviceData(IDeviceAllocator device)
    {
        int index = ToDevice(device);
        return _mirrors[index].Memory;
    }

    /// <summary>A device's values for reading and writing; all other sides become stale.</summary>
    /// <param name="device">The accelerator.</param>
    public IDeviceMemory MutableDeviceData(IDeviceAllocator device) => MakeNewest(ToDevice(device));

    /// <summary>A device's side to be overwritten whole: nothing is copied to it.</summary>
    /// <param name="device">The accelerator.</param>
    public IDeviceMemory OverwriteDeviceData(IDeviceAllocator device) => MakeNewest(MirrorOf(device));

    /// <summary>
    /// Moves the block to a device and frees the CPU side: until it is asked for again it takes only
    /// <see cref="StoredBytes"/>. A block that no side has values of stays as it is.
    /// </summary>
    /// <param name="device">Where it is kept.</param>
    public void Settle(IDeviceAllocator device)
    {
        if (_cpuIsValid)
            ToDevice(device);
        FreeCpu();
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
        foreach (Mirror mirror in _mirrors)
            mirror.Memory.Dispose();
        _mirrors = [];
        GC.SuppressFinalize(this);
    }

    private void ToCpu()
    {
        if (_cpuIsValid)
            return;
        if (_cpu is null)
            AllocateCpu();
        int newest = NewestMirror();
        if (newest >= 0)
        {
            IDeviceMemory memory = _mirrors[newest].Memory;
            if (Storage == StorageType.Float32)
                memory.CopyToHost(_cpu);
            else
                HalfTransfer.ToHost(memory, (float*)_cpu, Bytes / sizeof(float), Storage);
        }

        _cpuIsValid = true;
    }

    // The index of the device's side, which holds the newest values.
    private int ToDevice(IDeviceAllocator device)
    {
        int index = MirrorOf(device);
        ref Mirror mirror = ref _mirrors[index];
        if (mirror.IsValid)
            return index;
        int newest = NewestMirror();
        if (newest < 0 && !_cpuIsValid)
        {
            mirror.Memory.Clear();
        }
        else if (_cpuIsValid || !mirror.Memory.TryCopyFromPeer(_mirrors[newest].Memory))
        {
            ToCpu();
            if (Storage == StorageType.Float32)
                mirror.Memory.CopyFromHost(_cpu);
            else
                HalfTransfer.FromHost((float*)_cpu, mirror.Memory, Bytes / sizeof(float), Storage);
        }

        mirror.IsValid = true;
        return index;
    }

    private int MirrorOf(IDeviceAllocator device)
    {
        for (int i = 0; i < _mirrors.Length; i++)
        {
            if (ReferenceEquals(_mirrors[i].Device, device))
                return i;
        }

        ObjectDisposedException.ThrowIf(_references <= 0, this);
        _mirrors = [.. _mirrors, new Mirror(device, device.Allocate(Math.Max(1, StoredBytes)))];
        return _mirrors.Length - 1;
    }

    private IDeviceMemory MakeNewest(int index)
    {
        _cpuIsValid = false;
        Invalidate();
        _mirrors[index].IsValid = true;
        return _mirrors[index].Memory;
    }

    private void Invalidate()
    {
        for (int i = 0; i < _mirrors.Length; i++)
            _mirrors[i].IsValid = false;
    }

    private int NewestMirror()
    {
        for (int i = 0; i < _mirrors.Length; i++)
        {
            if (_mirrors[i].IsValid)
                return i;
        }

        return -1;
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
        _cpuIsValid = false;
        if (_cpu is null)
            return;
        NativeMemory.AlignedFree(_cpu);
        _cpu = null;
        GC.RemoveMemoryPressure(Bytes);
    }

    private struct Mirror(IDeviceAllocator device, IDeviceMemory memory)
    {
        public readonly IDeviceAllocator Device => device;

        public readonly IDeviceMemory Memory => memory;

        public bool IsValid { get; set; }
    }
}
