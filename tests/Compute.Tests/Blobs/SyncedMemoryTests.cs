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
            Access.DeviceRead => FakeDevice.Values(memory.DeviceData()),
            _ => FakeDevice.Values(memory.MutableDeviceData()),
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

    [Fact]
    public void ValuesGoThereAndBack()
    {
        var memory = new SyncedMemory(16, _device);
        ((float*)memory.MutableCpuData())[2] = 5;
        FakeDevice.Values(memory.MutableDeviceData())[3] = 7;
        Assert.Equal([0, 0, 5, 7], new ReadOnlySpan<float>(memory.CpuData(), 4).ToArray());
        ((float*)memory.MutableCpuData())[0] = 9;
        Assert.Equal([9, 0, 5, 7], FakeDevice.Values(memory.DeviceData()).ToArray());
        Assert.Equal(1, _device.Allocations);
        memory.Release();
    }

    [Fact]
    public void Overwrite_AfterTheDevice_AllocatesWithoutACopy()
    {
        var memory = new SyncedMemory(16, _device);
        memory.MutableDeviceData();
        Assert.True(memory.OverwriteCpuData() is not null);
        Assert.Equal(0, _device.CopiesToHost);
        memory.Release();
    }

    [Fact]
    public void WithoutADevice_ItRefusesTheDeviceSide()
    {
        var memory = new SyncedMemory(16);
        Assert.Throws<InvalidOperationException>(() => memory.DeviceData());
        Assert.Throws<InvalidOperationException>(() => memory.MutableDeviceData());
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
        var memory = new SyncedMemory(16, _device);
        memory.CpuData();
        memory.DeviceData();
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
        var memory = new SyncedMemory(4 * sizeof(float), _device);
        if (state is SyncState.HeadAtCpu or SyncState.Synced)
            new Span<float>(memory.MutableCpuData(), 4).Fill(3);
        if (state is SyncState.HeadAtGpu)
            FakeDevice.Values(memory.MutableDeviceData()).Fill(3);
        if (state is SyncState.Synced)
            memory.DeviceData();
        Assert.Equal(state, memory.Head);
        return memory;
    }
}
