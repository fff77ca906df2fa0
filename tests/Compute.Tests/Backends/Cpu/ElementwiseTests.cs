using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed unsafe class ElementwiseTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(CpuDevice.Grain)]
    [InlineData(CpuDevice.Grain + 1)]
    [InlineData((5 * CpuDevice.Grain) + 17)]
    public void Run_CoversEachElementOnceInWholeRegisters(int count)
    {
        using var device = new CpuDevice(3);
        int[] touched = new int[count + 1];
        fixed (int* counts = touched)
            Elementwise.Run(device, count, new TouchBody(counts, count));
        Assert.All(touched[..count], times => Assert.Equal(1, times));
        Assert.Equal(0, touched[count]);
    }

    private readonly struct TouchBody(int* counts, int count) : IRangeBody
    {
        public void Invoke(int from, int to)
        {
            if (from % 16 != 0 || (to % 16 != 0 && to != count))
                throw new InvalidOperationException($"range {from} to {to}");
            for (int i = from; i < to; i++)
                Interlocked.Increment(ref counts[i]);
        }
    }
}
