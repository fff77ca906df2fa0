using System.Globalization;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

public sealed class GpuDeviceTests : IDisposable
{
    private readonly GpuDevice _gpu = TestDevices.OpenOwn();

    public void Dispose() => _gpu.Dispose();

    [Fact]
    public void Blobs_GoThereAreChangedAndComeBack()
    {
        using Blob x = LayerHarness.RandomBlob(1, [7, 13]), y = new(7, 13);
        _gpu.Run(x.Count, new ScaleBody(x.GpuData(_gpu), y.OverwriteGpuData(_gpu), 3));
        for (int i = 0; i < x.Count; i++)
            Assert.Equal(3 * x.Data[i], y.Data[i]);
        Assert.Equal(1, _gpu.Launches);
        Assert.Equal(new GpuTransfers(1, 91 * 4, 1, 91 * 4, 0, 0), _gpu.Transfers);
    }

    [Fact]
    public void Transfers_HappenOnlyWhenTheOtherSideIsNewer()
    {
        using Blob x = LayerHarness.RandomBlob(1, [100]), y = new(100);
        for (int i = 0; i < 3; i++)
            _gpu.Run(100, new AddScaledBody(x.GpuData(_gpu), y.MutableGpuData(_gpu), 1));
        _gpu.Synchronize();
        // y began as zeros, which no copy brings.
        Assert.Equal(new GpuTransfers(1, 400, 0, 0, 0, 0), _gpu.Transfers);
        GpuTransfers before = _gpu.Transfers;
        Assert.Equal(3 * x.Data[99], y.Data[99], 1e-6f);
        Assert.Equal(3 * x.Data[0], y.Data[0], 1e-6f);
        Assert.Equal(new GpuTransfers(0, 0, 1, 400, 0, 0), _gpu.Transfers.Since(before));
    }

    [Fact]
    public void NoElements_LaunchNothing()
    {
        _gpu.Run(0, new FillBody(Values.None, 1));
        _gpu.RunGroups(0, new RowSums.Body<ColumnTerm>(default, Values.None, 0, 0, 1, 1, 1, 0));
        Assert.Equal((0, 0), (_gpu.Launches, _gpu.Allocations));
    }

    [Fact]
    public void Scratch_GrowsAndIsKept()
    {
        _gpu.Scratch.Get(1, 1000);
        long held = _gpu.UsedBytes, allocations = _gpu.Allocations;
        _gpu.Scratch.Get(1, 10);
        _gpu.Scratch.Get(1, 1000);
        Assert.Equal((held, allocations), (_gpu.UsedBytes, _gpu.Allocations));
        _gpu.Scratch.Get(1, 5000);
        Assert.Equal(allocations + 1, _gpu.Allocations);
        _gpu.Scratch.Get(0, 5000);
        Assert.Equal(allocations + 2, _gpu.Allocations);
        // The small one went back, so that a blob has it.
        using var blob = new Blob(1000);
        blob.OverwriteGpuData(_gpu);
        Assert.Equal(allocations + 2, _gpu.Allocations);
    }

    [Fact]
    public void KernelsThatDevicesCannotRun_AreDeviceFailures()
    {
        using var y = new Blob(4);
        CaffeException failure = Assert.Throws<CaffeException>(() =>
            _gpu.Run(4, new ObjectBody(y.OverwriteGpuData(_gpu))));
        Assert.Equal((ErrorCodes.DeviceFailed, FailureKind.Device), (failure.Code, failure.Kind));
        Assert.StartsWith($"GPU {_gpu.Number} ({_gpu.Name}) failed: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TooLittleMemory_IsToldWithNeedAndRest()
    {
        using GpuDevice gpu = GpuPlatform.OpenSimulation(memoryLimit: 8 << 20);
        using Blob small = new(1 << 20), large = new(3 << 20);
        small.OverwriteGpuData(gpu);
        CaffeException failure = Assert.Throws<CaffeException>(() => { large.OverwriteGpuData(gpu); });
        Assert.Equal((ErrorCodes.OutOfMemory, FailureKind.Device), (failure.Code, failure.Kind));
        Assert.Contains("no room for 12.0 MiB: 4.0 MiB of its 8.0 MiB are in use here, 4.0 MiB are left",
            failure.Message, StringComparison.Ordinal);
        Assert.Contains("make the batch smaller", failure.Message, StringComparison.Ordinal);
        // The device goes on.
        gpu.Run(10, new FillBody(small.OverwriteGpuData(gpu), 2));
        Assert.Equal(2, small.Data[9]);
    }

    [Fact]
    public void IdleMemoryOfOtherSizes_MakesRoom()
    {
        using GpuDevice gpu = GpuPlatform.OpenSimulation(memoryLimit: 4 << 20);
        using (var first = new Blob(1 << 19))
            first.OverwriteGpuData(gpu);
        using var second = new Blob(1 << 20);
        second.OverwriteGpuData(gpu);
        Assert.Equal(4 << 20, gpu.UsedBytes);
    }

    [Fact]
    public void BlobsThatOutliveTheDevice_AreFreedAllTheSame()
    {
        GpuDevice gpu = TestDevices.OpenOwn();
        var blob = new Blob(10);
        gpu.Run(10, new FillBody(blob.OverwriteGpuData(gpu), 1));
        gpu.Dispose();
        blob.Dispose();
        Assert.Equal(0, gpu.UsedBytes);
    }

    [Theory]
    [InlineData(StorageType.Float32, 12_345)]
    [InlineData(StorageType.Float32, 3_000_001)]
    [InlineData(StorageType.Float16, 12_345)]
    [InlineData(StorageType.BFloat16, 12_346)]
    public void SeveralDevices_PassValuesOn(StorageType storage, int count)
    {
        using GpuDevice other = TestDevices.OpenOwn(1);
        using var blob = new Blob(count) { DataStorage = storage };
        for (int i = 0; i < count; i++)
            blob.MutableData[i] = i % 256;
        blob.MutableGpuData(_gpu);
        _gpu.Run(3, new FillBody(blob.MutableGpuData(_gpu), 7));
        blob.MutableGpuData(other);
        Assert.Equal(1, other.Transfers.FromPeers);
        Assert.Equal(count * (storage == StorageType.Float32 ? 4L : 2L), other.Transfers.BytesFromPeers);
        Assert.Equal(0, other.Transfers.ToDevice);
        float[] found = blob.Data.ToArray();
        Assert.Equal([7, 7, 7], found[..3]);
        for (int i = 3; i < count; i++)
            Assert.True(found[i] == i % 256, string.Create(CultureInfo.InvariantCulture, $"[{i}] is {found[i]}"));
    }

    public readonly struct ObjectBody(Values y) : IGpuBody
    {
        public void Invoke(int i) => y.Set(i, new List<int> { i }.Count);
    }
}
