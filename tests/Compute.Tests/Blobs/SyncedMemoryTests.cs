using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Tests.Blobs;

public sealed unsafe class SyncedMemoryTests
{
    private readonly FakeDevice _device = new();

    public enum Access
    {
        CpuRead,
        CpuWrite,
        CpuOverwrite,
        DeviceRead,
        DeviceWrite,
    }

    // Where the newest values are, what is asked for, where they are then, copies to the device, copies to the host.
    [Theory]
    [InlineData(SyncState.Uninitialized, Access.CpuRead, SyncState.HeadAtCpu, 0, 0)]
    [InlineData(SyncState.Uninitialized, Access.CpuWrite, SyncState.HeadAtCpu, 0, 0)]
    [InlineData(SyncState.Uninitialized, Access.CpuOverwrite, SyncState.HeadAtCpu, 0, 0)]
    [InlineData(SyncState.Uninitialized, Access.DeviceRead, SyncState.HeadAtGpu, 0, 0)]
    [InlineData(SyncState.Uninitialized, Access.DeviceWrite, SyncState.HeadAtGpu, 0, 0)]
    [InlineData(SyncState.HeadAtCpu, Access.CpuRead, SyncState.HeadAtCpu, 0, 0)]
    [InlineData(SyncState.HeadAtCpu, Access.CpuWrite, SyncState.HeadAtCpu, 0, 0)]
    [InlineData(SyncState.HeadAtCpu, Access.CpuOverwrite, SyncState.HeadAtCpu, 0, 0)]
    [InlineData(SyncState.HeadAtCpu, Access.DeviceRead, SyncState.Synced, 1, 0)]
    [InlineData(SyncState.HeadAtCpu, Access.DeviceWrite, SyncState.HeadAtGpu, 1, 0)]
    [InlineData(SyncState.HeadAtGpu, Access.CpuRead, SyncState.Synced, 0, 1)]
    [InlineData(SyncState.HeadAtGpu, Access.CpuWrite, SyncState.HeadAtCpu, 0, 1)]
    [InlineData(SyncState.HeadAtGpu, Access.CpuOverwrite, SyncState.HeadAtCpu, 0, 0)]
    [InlineData(SyncState.HeadAtGpu, Access.DeviceRead, SyncState.HeadAtGpu, 0, 0)]
    [InlineData(SyncState.HeadAtGpu, Access.DeviceWrite, SyncState.HeadAtGpu, 0, 0)]
    [InlineData(SyncState.Synced, Access.CpuRead, SyncState.Synced, 0, 0)]
    [InlineData(SyncState.Synced, Access.CpuWrite, SyncState.HeadAtCpu, 0, 0)]
    [InlineData(SyncState.Synced, Access.CpuOverwrite, SyncState.HeadAtCpu, 0, 0)]
    [InlineData(SyncState.Synced, Access.DeviceRead, SyncState.Synced, 0, 0)]
    [InlineData(SyncState.Synced, Access.DeviceWrite, SyncState.HeadAtGpu, 0, 0)]
    public void Access_CopiesOnlyWhenTheOtherSideIsNewer(
        SyncState from, Access access, SyncState to, int toDevice, int toHost)
    {
        SyncedMemory memory = InState(from);
        (int device, int host) = (_device.CopiesToDevice, _device.CopiesToHost);
        ReadOnlySpan<float> values = access switch
        {
            Access.CpuRead => new(memory.CpuData(), 4),
            Access.CpuWrite => new(memory.MutableCpuData(), 4),
            Access.CpuOverwrite => new(memory.OverwriteCpuData(), 4),
            Access.DeviceRead => FakeDevice.Values(memory.DeviceData(_device)),
            _ => FakeDevice.Values(memory.MutableDeviceData(_device)),
        };

        Assert.Equal(to, memory.Head);
        Assert.Equal(toDevice, _device.CopiesToDevice - device);
        Assert.Equal(toHost, _device.CopiesToHost - host);
        if (access != Access.CpuOverwrite)
        {
            float expected = from == SyncState.Uninitialized ? 0 : 3;
            Assert.Equal([expected, expected, expected, expected], values.ToArray());
        }

        memory.Release();
        Assert.Equal(0, _device.Live);
    }

    [Theory]
    [InlineData(SyncState.Uninitialized)]
    [InlineData(SyncState.HeadAtCpu)]
    [InlineData(SyncState.HeadAtGpu)]
    [InlineData(SyncState.Synced)]
    public void Clear_MakesZerosOfAllSidesWithoutCopies(SyncState from)
    {
        foreach (Access access in Enum.GetValues<Access>())
        {
            SyncedMemory memory = InState(from);
            memory.Clear();
            Assert.True(memory.IsZero);
            Assert.Equal(SyncState.Uninitialized, memory.Head);
            (int device, int host) = (_device.CopiesToDevice, _device.CopiesToHost);
            ReadOnlySpan<float> values = access switch
            {
                Access.CpuRead => new(memory.CpuData(), 4),
                Access.CpuWrite => new(memory.MutableCpuData(), 4),
                Access.CpuOverwrite => new(memory.OverwriteCpuData(), 4),
                Access.DeviceRead => FakeDevice.Values(memory.DeviceData(_device)),
                _ => FakeDevice.Values(memory.MutableDeviceData(_device)),
            };
            Assert.False(memory.IsZero);
            Assert.Equal((device, host), (_device.CopiesToDevice, _device.CopiesToHost));
            if (access != Access.CpuOverwrite)
            {
                Assert.Equal(new float[4], values.ToArray());
                Assert.Equal(new float[4], new ReadOnlySpan<float>(memory.CpuData(), 4).ToArray());
                Assert.Equal(new float[4], FakeDevice.Values(memory.DeviceData(_device)).ToArray());
            }

            memory.Release();
        }
    }

    [Fact]
    public void Clear_OutlastsRestAndAnotherStorage()
    {
        SyncedMemory memory = InState(SyncState.HeadAtCpu);
        memory.Clear();
        memory.Settle(_device);
        Assert.True(memory.IsZero);
        memory.StoreAs(StorageType.BFloat16);
        Assert.True(memory.IsZero);
        Assert.Equal(new float[4], new ReadOnlySpan<float>(memory.CpuData(), 4).ToArray());
        memory.Release();
    }

    [Fact]
    public void ValuesGoThereAndBack()
    {
        var memory = new SyncedMemory(16);
        ((float*)memory.MutableCpuData())[2] = 5;
        FakeDevice.Values(memory.MutableDeviceData(_device))[3] = 7;
        Assert.Equal([0, 0, 5, 7], new ReadOnlySpan<float>(memory.CpuData(), 4).ToArray());
        ((float*)memory.MutableCpuData())[0] = 9;
        Assert.Equal([9, 0, 5, 7], FakeDevice.Values(memory.DeviceData(_device)).ToArray());
        Assert.Equal(1, _device.Allocations);
        memory.Release();
    }

    [Fact]
    public void Overwrite_AfterTheDevice_AllocatesWithoutACopy()
    {
        var memory = new SyncedMemory(16);
        memory.MutableDeviceData(_device);
        Assert.True(memory.OverwriteCpuData() is not null);
        Assert.Equal(0, _device.CopiesToHost);
        memory.Release();
    }

    [Fact]
    public void DeviceOverwrite_CopiesNothing()
    {
        var memory = new SyncedMemory(16);
        new Span<float>(memory.MutableCpuData(), 4).Fill(1);
        FakeDevice.Values(memory.OverwriteDeviceData(_device)).Fill(2);
        Assert.Equal(0, _device.CopiesToDevice);
        Assert.Equal(SyncState.HeadAtGpu, memory.Head);
        Assert.Equal([2, 2, 2, 2], new ReadOnlySpan<float>(memory.CpuData(), 4).ToArray());
        memory.Release();
    }

    [Fact]
    public void TwoDevices_EachGetTheNewestValues()
    {
        var other = new FakeDevice();
        var memory = new SyncedMemory(16);
        FakeDevice.Values(memory.MutableDeviceData(_device)).Fill(1);
        Assert.Equal([1, 1, 1, 1], FakeDevice.Values(memory.DeviceData(other)).ToArray());
        FakeDevice.Values(memory.MutableDeviceData(other)).Fill(2);
        Assert.Equal([2, 2, 2, 2], FakeDevice.Values(memory.DeviceData(_device)).ToArray());
        Assert.Equal((1, 1), (_device.Allocations, other.Allocations));
        // Both have them now.
        (int first, int second) = (_device.CopiesToDevice, other.CopiesToDevice);
        memory.DeviceData(other);
        memory.DeviceData(_device);
        Assert.Equal((first, second), (_device.CopiesToDevice, other.CopiesToDevice));
        memory.Release();
        Assert.Equal((0, 0), (_device.Live, other.Live));
    }

    [Fact]
    public void ReadersOnSeveralThreads_EachGetTheValues()
    {
        for (int round = 0; round < 200; round++)
        {
            FakeDevice[] devices = [new(), new(), new()];
            var memory = new SyncedMemory(16);
            FakeDevice.Values(memory.MutableDeviceData(devices[0])).Fill(round);
            float[] seen = new float[4];
            Parallel.Invoke(
                () => seen[0] = FakeDevice.Values(memory.DeviceData(devices[1]))[3],
                () => seen[1] = FakeDevice.Values(memory.DeviceData(devices[2]))[3],
                () => seen[2] = ((float*)memory.CpuData())[3],
                () => seen[3] = FakeDevice.Values(memory.DeviceData(devices[0]))[3]);
            Assert.Equal([round, round, round, round], seen);
            Assert.Equal([1, 1, 1], devices.Select(device => device.Allocations));
            memory.Release();
        }
    }

    [Theory]
    [InlineData(StorageType.Float16, 1.0009766f)]
    [InlineData(StorageType.BFloat16, 1f)]
    public void HalfStorage_RoundsOnItsWay(StorageType storage, float rounded)
    {
        var memory = new SyncedMemory(16, storage);
        new Span<float>(memory.MutableCpuData(), 4).Fill(1.001f);
        Assert.Equal(8, memory.StoredBytes);
        memory.Settle(_device);
        Assert.Equal(SyncState.HeadAtGpu, memory.Head);
        Assert.Equal([rounded, rounded, rounded, rounded], new ReadOnlySpan<float>(memory.CpuData(), 4).ToArray());
        memory.Release();
    }

    [Fact]
    public void CpuSide_IsAligned()
    {
        var memory = new SyncedMemory(12);
        Assert.Equal(0, (nint)memory.CpuData() % SyncedMemory.Alignment);
        memory.Release();
    }

    [Fact]
    public void LastRelease_FreesBothSides()
    {
        var memory = new SyncedMemory(16);
        memory.CpuData();
        memory.DeviceData(_device);
        SyncedMemory second = memory.AddReference();
        memory.Release();
        Assert.Equal(1, _device.Live);
        Assert.Equal(SyncState.Synced, second.Head);
        second.Release();
        Assert.Equal(0, _device.Live);
        Assert.Throws<ObjectDisposedException>(() => memory.CpuData());
    }

    [Fact]
    public void NegativeSize_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => new SyncedMemory(-1));

    private SyncedMemory InState(SyncState state)
    {
        var memory = new SyncedMemory(4 * sizeof(float));
        if (state is SyncState.HeadAtCpu or SyncState.Synced)
            new Span<float>(memory.MutableCpuData(), 4).Fill(3);
        if (state is SyncState.HeadAtGpu)
            FakeDevice.Values(memory.MutableDeviceData(_device)).Fill(3);
        if (state is SyncState.Synced)
            memory.DeviceData(_device);
        Assert.Equal(state, memory.Head);
        return memory;
    }
}
