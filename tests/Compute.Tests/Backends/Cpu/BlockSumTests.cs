using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed class BlockSumTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(CpuDevice.Grain)]
    [InlineData((7 * CpuDevice.Grain) + 3)]
    public void Run_AddsEachElementOnce(int count)
    {
        using var device = new CpuDevice(3);
        Assert.Equal(count * (count - 1.0) / 2, BlockSum.Run(device, count, default(Indices)));
    }

    [Fact]
    public void Run_GivesTheSameBitsWithAnyNumberOfThreads()
    {
        const int Count = (9 * CpuDevice.Grain) + 11;
        double[] sums = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            using var device = new CpuDevice(threads);
            return BlockSum.Run(device, Count, default(Harmonic));
        })];
        Assert.Equal(sums[0], sums[1]);
        Assert.Equal(sums[0], sums[2]);
    }

    private readonly struct Indices : ISumBody
    {
        public double Invoke(int from, int to)
        {
            double sum = 0;
            for (int i = from; i < to; i++)
                sum += i;
            return sum;
        }
    }

    private readonly struct Harmonic : ISumBody
    {
        public double Invoke(int from, int to)
        {
            double sum = 0;
            for (int i = from; i < to; i++)
                sum += 1.0 / (i + 1);
            return sum;
        }
    }
}
