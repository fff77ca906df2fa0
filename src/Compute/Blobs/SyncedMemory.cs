using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Blobs;

/// <summary>
/// A block of 32-bit floats with a CPU side and a side on each accelerator that ever asked for it (mostly one).
/// A side is allocated when it is first asked for; a copy happens only when a side is asked for and another one's
/// values are newer. While no side has values, as at first and after <see cref="Clear"/>, all of them are zero, and a
/// side is filled with zeros when it is asked for. Between two accelerators values go without the CPU side where both
/// can do it. With a 16-bit <see cref="Storage"/> the accelerators' sides are kept in that form, and values are
/// converted on their way (rounded to nearest, ties to even). Host memory may be such a side too
/// (<see cref="HostStore"/>): what the CPU works on is then a window that <see cref="Settle"/> closes.
/// The CPU side is native memory on a 64-byte boundary. Blocks are counted by reference, so that blobs can share
/// them; the last <see cref="Release"/> frees all sides. One writer at a time, as blobs promise; any number of threads
/// may read meanwhile, each asking for a side of its own or the same one.
/// </summary>
public sealed unsafe class SyncedMemory
{
    /// <summary>Alignment of the CPU side in bytes: one AVX-512 register, one cache line.</summary>
    public const int Alignment = HostMemory.Alignment;

    private readonly Lock _moving = new();
    private volatile Mirror[] _mirrors = [];
    private HostWindows? _windows;
    private void* _cpu;

    // Size of the window that the CPU side is; 0 where the memory is the block's own.
    private nuint _window;

    // Where in a net's memory the CPU side lies; null where it does not.
    private HostArena? _arena;
    private long _offset;
    private volatile bool _cpuIsValid;
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

    /// <summary>How often any side was asked for to be written: who works something out of the values can tell by it
    /// whether to do so again. A pointer or span must be asked for anew for each pass, as its writes are not
    /// seen.</summary>
    public long Version { get; private set; }

    /// <summary>How accelerators keep the block.</summary>
    public StorageType Storage { get; private set; }

    /// <summary>Size of an accelerator's side in bytes.</summary>
    public long StoredBytes => Storage == StorageType.Float32 ? Bytes : Bytes / 2;

    /// <summary>Which side is newest.</summary>
    public SyncState Head
    {
        get
        {
            bool atDevice = NewestMirror() is not null;
            return _cpuIsValid ? atDevice ? SyncState.Synced : SyncState.HeadAtCpu
                : atDevice ? SyncState.HeadAtGpu : SyncState.Uninitialized;
        }
    }

    /// <summary>Whether all values are zero without having been written: no side has any.</summary>
    public bool IsZero => !_cpuIsValid && NewestMirror() is null;

    /// <summary>Makes all values zero. Nothing is written until a side is asked for, and nothing at all where that is
    /// overwritten whole.</summary>
    public void Clear()
    {
        _cpuIsValid = false;
        Invalidate();
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
            AllocateCpu(clear: false);
        _cpuIsValid = true;
        Invalidate();
        return _cpu;
    }

    /// <summary>A device's values for reading, copied to it if another side's are newer.</summary>
    /// <param name="device">The accelerator.</param>
    public IDeviceMemory DeviceData(IDeviceAllocator device)
    {
        foreach (Mirror mirror in _mirrors)
        {
            if (ReferenceEquals(mirror.Device, device) && mirror.IsValid)
                return mirror.Memory;
        }

        lock (_moving)
            return ToDevice(device).Memory;
    }

    /// <summary>A device's values for reading and writing; all other sides become stale.</summary>
    /// <param name="device">The accelerator.</param>
    public IDeviceMemory MutableDeviceData(IDeviceAllocator device)
    {
        lock (_moving)
            return MakeNewest(ToDevice(device));
    }

    /// <summary>A device's side to be overwritten whole: nothing is copied to it.</summary>
    /// <param name="device">The accelerator.</param>
    public IDeviceMemory OverwriteDeviceData(IDeviceAllocator device)
    {
        lock (_moving)
            return MakeNewest(MirrorOf(device));
    }

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
        _windows = device.Windows;
    }

    /// <summary>Changes how accelerators keep the block; the sides they have already are given up, their values
    /// saved.</summary>
    /// <param name="storage">The form.</param>
    internal void StoreAs(StorageType storage)
    {
        if (storage == Storage)
            return;
        if (NewestMirror() is not null)
            ToCpu();
        FreeMirrors();
        Storage = storage;
    }

    /// <summary>Gives the CPU side its place in memory that other blocks use at other times, or, without one, lets it
    /// have memory of its own again. Values are lost.</summary>
    /// <param name="arena">The memory; it must live as long.</param>
    /// <param name="offset">Where in it, a multiple of <see cref="Alignment"/>, with <see cref="RoomFor"/> its
    /// size.</param>
    internal void PlaceIn(HostArena? arena, long offset)
    {
        FreeCpu();
        _arena = arena;
        _offset = offset;
    }

    /// <summary>Whether the CPU side lies in memory that other blocks use at other times.</summary>
    internal bool IsPlaced => _arena is not null;

    /// <summary>Bytes that a CPU side takes with what lies behind it: kernels may read (never write) a whole register
    /// at the end of a row.</summary>
    internal static long RoomFor(long bytes) => bytes + Alignment;

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
        FreeMirrors();
        GC.SuppressFinalize(this);
    }

    private void ToCpu()
    {
        if (_cpuIsValid)
            return;
        lock (_moving)
            FillCpu();
    }

    private void FillCpu()
    {
        if (_cpuIsValid)
            return;
        IDeviceMemory? newest = NewestMirror()?.Memory;
        if (_cpu is null)
            AllocateCpu(clear: newest is null);
        else if (newest is null)
            NativeMemory.Clear(_cpu, (nuint)Bytes);
        if (newest is not null)
        {
            if (Storage == StorageType.Float32)
                newest.CopyToHost(_cpu);
            else
                newest.ReadHalves((float*)_cpu, Bytes / sizeof(float), Storage);
        }

        _cpuIsValid = true;
    }

    // The device's side, which holds the newest values.
    private Mirror ToDevice(IDeviceAllocator device)
    {
        Mirror mirror = MirrorOf(device);
        if (mirror.IsValid)
            return mirror;
        Mirror? newest = NewestMirror();
        if (newest is null && !_cpuIsValid)
        {
            mirror.Memory.Clear();
        }
        else if (_cpuIsValid || !mirror.Memory.TryCopyFromPeer(newest!.Memory))
        {
            FillCpu();
            if (Storage == StorageType.Float32)
                mirror.Memory.CopyFromHost(_cpu);
            else
                mirror.Memory.WriteHalves((float*)_cpu, Bytes / sizeof(float), Storage);
        }

        mirror.IsValid = true;
        return mirror;
    }

    private Mirror MirrorOf(IDeviceAllocator device)
    {
        foreach (Mirror known in _mirrors)
        {
            if (ReferenceEquals(known.Device, device))
                return known;
        }

        ObjectDisposedException.ThrowIf(_references <= 0, this);
        var mirror = new Mirror(device, device.Allocate(Math.Max(1, StoredBytes)));
        _mirrors = [.. _mirrors, mirror];
        return mirror;
    }

    private IDeviceMemory MakeNewest(Mirror mirror)
    {
        _cpuIsValid = false;
        Invalidate();
        mirror.IsValid = true;
        return mirror.Memory;
    }

    // All sides but the one that is to be written.
    private void Invalidate()
    {
        Version++;
        foreach (Mirror mirror in _mirrors)
            mirror.IsValid = false;
    }

    private Mirror? NewestMirror()
    {
        foreach (Mirror mirror in _mirrors)
        {
            if (mirror.IsValid)
                return mirror;
        }

        return null;
    }

    private void AllocateCpu(bool clear)
    {
        ObjectDisposedException.ThrowIf(_references <= 0, this);
        if (Bytes == 0)
            return;
        nuint size = (nuint)RoomFor(Bytes);
        if (_windows is not null)
        {
            _cpu = _windows.Rent(size, out _window);
            NativeMemory.Clear(clear ? _cpu : (byte*)_cpu + Bytes, clear ? size : Alignment);
            return;
        }

        if (_arena is null)
        {
            _cpu = HostMemory.Allocate((long)size);
            return;
        }

        _cpu = _arena.Address + _offset;
        if (clear)
            NativeMemory.Clear(_cpu, (nuint)Bytes);
    }

    private void FreeCpu()
    {
        _cpuIsValid = false;
        if (_cpu is null)
            return;
        if (_window > 0)
            _windows!.Return(_cpu, _window);
        else if (_arena is null)
            HostMemory.Free(_cpu, RoomFor(Bytes));
        _cpu = null;
        _window = 0;
    }

    private void FreeMirrors()
    {
        foreach (Mirror mirror in _mirrors)
            mirror.Memory.Dispose();
        _mirrors = [];
    }

    private sealed class Mirror(IDeviceAllocator device, IDeviceMemory memory)
    {
        private volatile bool _isValid;

        public IDeviceAllocator Device => device;

        public IDeviceMemory Memory => memory;

        public bool IsValid
        {
            get => _isValid;
            set => _isValid = value;
        }
    }
}
