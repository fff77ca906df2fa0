using System.Runtime.InteropServices;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Where all native memory of the CPU comes from. A block of <see cref="Large"/> bytes and more is pages of its own,
/// taken from the system and given back to it whole; on Linux those from 2 MiB on begin at a multiple of 2 MiB and ask
/// for huge pages, which spares a kernel that streams through them most misses of the translation buffer. Smaller
/// blocks are the C library's. Thread-safe.
/// </summary>
internal static unsafe partial class HostMemory
{
    /// <summary>From how many bytes on a block is pages of its own, where the system lets us ask for them.</summary>
    public const long Large = 1 << 20;

    /// <summary>Bytes on whose multiples blocks begin: one AVX-512 register, one cache line.</summary>
    public const int Alignment = 64;

    private const nuint HugePage = 2 << 20;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private const int AdviseHugePage = 14;

    /// <summary>A block. It counts as pressure on the garbage collector, so that blobs nobody holds are
    /// freed.</summary>
    /// <param name="bytes">Its size, at least 1.</param>
    /// <param name="clear">Whether it must be all zero; else its contents are undefined.</param>
    /// <exception cref="InsufficientMemoryException">The system has no more.</exception>
    public static void* Allocate(long bytes, bool clear = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        void* address;
        if (IsPages(bytes))
        {
            // The system's pages are zero, and take no memory before they are touched.
            address = Pages((nuint)bytes);
        }
        else
        {
            address = NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            if (clear)
                NativeMemory.Clear(address, (nuint)bytes);
        }

        GC.AddMemoryPressure(bytes);
        return address;
    }

    /// <summary>Gives a block back.</summary>
    /// <param name="address">Where it begins; null is nothing.</param>
    /// <param name="bytes">The size it was asked for with.</param>
    public static void Free(void* address, long bytes)
    {
        if (address is null)
            return;
        if (IsPages(bytes))
            _ = Unmap(address, WholePages((nuint)bytes));
        else
            NativeMemory.AlignedFree(address);
        GC.RemoveMemoryPressure(bytes);
    }

    private static bool IsPages(long bytes) => bytes >= Large && OperatingSystem.IsLinux();

    private static nuint WholePages(nuint bytes)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        return (bytes + page - 1) / page * page;
    }

    private static void* Pages(nuint bytes)
    {
        nuint size = WholePages(bytes);
        bool huge = size >= HugePage;
        nuint taken = huge ? size + HugePage : size;
        byte* start = (byte*)Map(null, taken, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)start == -1)
            throw new InsufficientMemoryException($"The system has no {bytes} bytes of memory left.");
        if (!huge)
            return start;
        byte* aligned = (byte*)(((nuint)start + HugePage - 1) / HugePage * HugePage);
        nuint before = (nuint)(aligned - start), after = taken - before - size;
        if (before > 0)
            _ = Unmap(start, before);
        if (after > 0)
            _ = Unmap(aligned + size, after);
        // A wish: where it is not granted, the pages are the usual ones.
        _ = Advise(aligned, size, AdviseHugePage);
        return aligned;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
