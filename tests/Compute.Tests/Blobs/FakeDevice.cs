using System.Runtime.InteropServices;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Tests.Blobs;

/// <summary>An accelerator of plain memory that counts what is asked of it.</summary>
internal sealed unsafe class FakeDevice : IDeviceAllocator
{
    public int Allocations { get; private set; }

    public int Live { get; private set; }

    public int CopiesToDevice { get; private set; }

    public int CopiesToHost { get; private set; }

    public IDeviceMemory Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        Allocations++;
        Live++;
        var memory = new Memory(this, bytes);
        // Undefined contents must not be read as zeros.
        new Span<byte>(memory.Pointer, (int)bytes).Fill(0xEE);
        return memory;
    }

    public static Span<float> Values(IDeviceMemory memory) =>
        new(((Memory)memory).Pointer, (int)(((Memory)memory).Bytes / sizeof(float)));

    private sealed class Memory(FakeDevice device, long bytes) : IDeviceMemory
    {
        public void* Pointer { get; private set; } = NativeMemory.Alloc((nuint)bytes);

        public long Bytes => bytes;

        public void CopyFromHost(void* source)
        {
            device.CopiesToDevice++;
            Buffer.MemoryCopy(source, Pointer, bytes, bytes);
        }

        public void CopyToHost(void* target)
        {
            device.CopiesToHost++;
            Buffer.MemoryCopy(Pointer, target, bytes, bytes);
        }

        public void Clear() => NativeMemory.Clear(Pointer, (nuint)bytes);

        public void Dispose()
        {
            NativeMemory.Free(Pointer);
            Pointer = null;
            device.Live--;
        }
    }
}
