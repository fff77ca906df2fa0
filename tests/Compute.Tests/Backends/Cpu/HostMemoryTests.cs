using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed unsafe class HostMemoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(HostMemory.Large - 1)]
    [InlineData(HostMemory.Large)]
    [InlineData((2 << 20) - 1)]
    [InlineData((2 << 20) + 5)]
    [InlineData(9_000_001)]
    public void Block_IsZeroAlignedAndItsOwn(long bytes)
    {
        byte* first = (byte*)HostMemory.Allocate(bytes), second = (byte*)HostMemory.Allocate(bytes);
        try
        {
            foreach (nint address in (nint[])[(nint)first, (nint)second])
            {
                Assert.Equal(0, address % HostMemory.Alignment);
                Assert.False(new ReadOnlySpan<byte>((void*)address, (int)bytes).ContainsAnyExcept((byte)0));
                if (bytes > 2 << 20 && OperatingSystem.IsLinux())
                    Assert.Equal(0, address % (2 << 20));
            }

            new Span<byte>(first, (int)bytes).Fill(1);
            Assert.False(new ReadOnlySpan<byte>(second, (int)bytes).ContainsAnyExcept((byte)0));
        }
        finally
        {
            HostMemory.Free(first, bytes);
            HostMemory.Free(second, bytes);
        }
    }

    [Fact]
    public void Sizes_AreChecked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => (nint)HostMemory.Allocate(0));
        if (OperatingSystem.IsLinux())
            Assert.Throws<InsufficientMemoryException>(() => (nint)HostMemory.Allocate(1L << 60));
        HostMemory.Free(null, 5);
    }
}
