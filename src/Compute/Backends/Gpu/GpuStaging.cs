using System.Runtime.InteropServices;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>
/// Page-locked host memory through which an accelerator takes another's values where the two cannot reach each other:
/// a few MiB that stay, instead of a host copy of every block.
/// </summary>
internal sealed unsafe class GpuStaging : IDisposable
{
    /// <summary>Its size in bytes: large enough for the bus's full rate, small enough to stay in the cache.</summary>
    public const int Bytes = 4 << 20;

    private readonly PageLockScope<byte> _lock;

    public GpuStaging(Accelerator accelerator)
    {
        Address = (byte*)NativeMemory.AlignedAlloc(Bytes, 4096);
        _lock = accelerator.CreatePageLockFromPinned<byte>((nint)Address, Bytes);
    }

    /// <summary>The memory.</summary>
    public byte* Address { get; private set; }

    public void Dispose()
    {
        _lock.Dispose();
        NativeMemory.AlignedFree(Address);
        Address = null;
    }
}
