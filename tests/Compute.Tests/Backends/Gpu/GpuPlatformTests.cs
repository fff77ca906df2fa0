using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

/// <summary>Whatever there is on the machine that runs them.</summary>
public sealed class GpuPlatformTests
{
    [Fact]
    public void Devices_AreNumberedAndDescribed()
    {
        Assert.Equal(GpuPlatform.Count, GpuPlatform.Devices.Count);
        Assert.Equal(Enumerable.Range(0, GpuPlatform.Count), GpuPlatform.Devices.Select(gpu => gpu.Number));
        Assert.All(GpuPlatform.Devices, gpu =>
        {
            Assert.NotEmpty(gpu.Name);
            Assert.True(gpu.Interface is "CUDA" or "OpenCL", gpu.Interface);
            Assert.InRange(gpu.MemoryBytes, 1L << 20, long.MaxValue);
            Assert.InRange(gpu.Multiprocessors, 1, 100_000);
            // What every kernel may ask for.
            Assert.InRange(gpu.MaxGroupSize, 256, int.MaxValue);
            Assert.Matches(@"^\d+, \d+, \d+$", gpu.MaxGroupShape);
            Assert.Matches(@"^(\d+\.\d+)?$", gpu.Revision);
            Assert.All(gpu.Details, detail => Assert.NotEmpty(detail.Name));
        });
        // Those that are CPUs come last.
        bool[] cpus = [.. GpuPlatform.Devices.Select(gpu => gpu.IsCpu)];
        Assert.Equal(cpus.Order(), cpus);
    }

    [Fact]
    public void Devices_AreOpenedByNumber()
    {
        foreach (GpuInfo info in GpuPlatform.Devices)
        {
            using GpuDevice gpu = GpuPlatform.Open(info.Number);
            Assert.Equal((info.Number, info.Name), (gpu.Number, gpu.Name));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(99)]
    public void NumbersThatAreNotThere_AreDeviceFailures(int number)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => GpuPlatform.Open(number));
        Assert.Equal((ErrorCodes.DeviceFailed, FailureKind.Device), (failure.Code, failure.Kind));
        Assert.StartsWith($"there is no GPU {number}: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(
            GpuPlatform.Count == 0 ? "no CUDA or OpenCL device was found" : "device_query", failure.Message,
            StringComparison.Ordinal);
    }
}
