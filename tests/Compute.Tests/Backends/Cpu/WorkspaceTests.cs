using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed unsafe class WorkspaceTests
{
    [Fact]
    public void Buffers_AreApart()
    {
        using var device = new CpuDevice(2);
        Workspace workspace = device.Workspace;
        var buffers = new List<(nint Start, nint End)>();
        for (int slot = 0; slot < Workspace.Slots; slot++)
        {
            var shared = (nint)workspace.Shared(slot, 100);
            nint first = (nint)workspace.OfWorker(0, slot, 100), second = (nint)workspace.OfWorker(1, slot, 100);
            foreach (nint start in (nint[])[shared, first, second])
            {
                Assert.Equal(0, start % 64);
                buffers.Add((start, start + (100 * sizeof(float))));
            }
        }

        buffers.Sort();
        for (int i = 1; i < buffers.Count; i++)
            Assert.True(buffers[i].Start >= buffers[i - 1].End);
    }

    [Fact]
    public void Buffer_GrowsAndIsKept()
    {
        using var device = new CpuDevice(1);
        float* small = device.Workspace.Shared(3, 10);
        Assert.True(small == device.Workspace.Shared(3, 10));
        float* large = device.Workspace.Shared(3, 100000);
        large[99999] = 5;
        long bytes = device.Workspace.Bytes;
        Assert.True(bytes >= 400000);
        Assert.True(large == device.Workspace.Shared(3, 7));
        Assert.Equal(5, large[99999]);
        Assert.Equal(bytes, device.Workspace.Bytes);
    }

    [Fact]
    public void Buffer_ThatCannotGrow_IsNobodys()
    {
        using var device = new CpuDevice(1);
        device.Workspace.Shared(3, 10);
        Assert.ThrowsAny<OutOfMemoryException>(() => { device.Workspace.Shared(3, 1L << 58); });
        Assert.Equal(0, device.Workspace.Bytes);
        Assert.Throws<OverflowException>(() => { device.Workspace.Shared(3, 1L << 62); });
        device.Workspace.Shared(3, 10)[9] = 1;
    }

    [Fact]
    public void Dispose_FreesAll()
    {
        var device = new CpuDevice(1);
        device.Workspace.OfWorker(0, 0, 1000);
        device.Dispose();
        Assert.Equal(0, device.Workspace.Bytes);
    }
}
