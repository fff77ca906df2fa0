using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Testing;
using ILGPU;
using ILGPU.Runtime;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

public sealed class GpuPoolTests : IDisposable
{
    private readonly GpuDevice _gpu = TestDevices.OpenOwn();

    public void Dispose() => _gpu.Dispose();

    [Fact]
    public void WhatComesBack_IsUsedAgain()
    {
        using var pool = new GpuPool(_gpu.Accelerator);
        MemoryBuffer1D<float, Stride1D.Dense> first = pool.Rent(4000), other = pool.Rent(4000);
        Assert.NotSame(first, other);
        Assert.Equal(2, pool.Allocations);
        pool.Return(first);
        Assert.Same(first, pool.Rent(3990));
        Assert.Equal(2, pool.Allocations);
        pool.Return(first);
        Assert.NotSame(first, pool.Rent(400_000));
        Assert.Equal(3, pool.Allocations);
    }

    [Theory]
    [InlineData(1, 256)]
    [InlineData(256, 256)]
    [InlineData(257, 512)]
    [InlineData(4096, 4096)]
    [InlineData(100_000, 106_496)]
    [InlineData(1_000_003, 1_048_576)]
    public void Sizes_AreRoundedUpByAtMostAnEighth(long bytes, long held)
    {
        using var pool = new GpuPool(_gpu.Accelerator);
        MemoryBuffer1D<float, Stride1D.Dense> buffer = pool.Rent(bytes);
        Assert.Equal(held, buffer.Length * sizeof(float));
        Assert.Equal((held, held), (pool.HeldBytes, pool.UsedBytes));
        if (bytes > 2048)
            Assert.InRange(held, bytes, bytes + (bytes / 8));
        pool.Return(buffer);
        Assert.Equal((held, 0), (pool.HeldBytes, pool.UsedBytes));
    }

    [Fact]
    public void Trim_GivesBackWhatIsFree()
    {
        using var pool = new GpuPool(_gpu.Accelerator);
        MemoryBuffer1D<float, Stride1D.Dense> kept = pool.Rent(1024), free = pool.Rent(2048);
        pool.Return(free);
        pool.Trim();
        Assert.Equal((1024, 1024), (pool.HeldBytes, pool.UsedBytes));
        Assert.True(free.IsDisposed);
        Assert.False(kept.IsDisposed);
        Assert.NotSame(free, pool.Rent(2048));
    }

    [Fact]
    public void Limit_HoldsForWhatIsHeld()
    {
        using var pool = new GpuPool(_gpu.Accelerator, limit: 4096);
        MemoryBuffer1D<float, Stride1D.Dense> half = pool.Rent(2048);
        Assert.Throws<InsufficientMemoryException>(() => pool.Rent(4096));
        pool.Return(half);
        // The free block counts until it is given back.
        Assert.Throws<InsufficientMemoryException>(() => pool.Rent(4096));
        pool.Trim();
        Assert.Equal(1024, pool.Rent(4096).Length);
        Assert.Equal(4096, pool.UsedBytes);
    }

    [Fact]
    public void LateReturns_DoNoHarm()
    {
        var pool = new GpuPool(_gpu.Accelerator);
        MemoryBuffer1D<float, Stride1D.Dense> buffer = pool.Rent(100);
        pool.Dispose();
        Assert.True(buffer.IsDisposed);
        pool.Return(buffer);
        Assert.Equal(0, pool.UsedBytes);
    }

    [Fact]
    public async Task Threads_NeverShareABlock()
    {
        using var pool = new GpuPool(_gpu.Accelerator);
        using var start = new Barrier(4);
        HashSet<MemoryBuffer1D<float, Stride1D.Dense>> inUse = [];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
        {
            start.SignalAndWait(TestContext.Current.CancellationToken);
            for (int i = 0; i < 200; i++)
            {
                MemoryBuffer1D<float, Stride1D.Dense> buffer = pool.Rent(1000 + (i % 3 * 5000));
                lock (inUse)
                    Assert.True(inUse.Add(buffer));
                lock (inUse)
                    inUse.Remove(buffer);
                pool.Return(buffer);
            }
        }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal(0, pool.UsedBytes);
        Assert.InRange(pool.Allocations, 3, 12);
    }
}
