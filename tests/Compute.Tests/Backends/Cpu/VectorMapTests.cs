using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed unsafe class VectorMapTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(50001)]
    public void Run_AppliesTheFunctionToEachElementAndNoMore(int count)
    {
        using var device = new CpuDevice(3);
        float[] a = new float[count + 1], b = new float[count + 1], y = new float[count + 1];
        for (int i = 0; i <= count; i++)
            (a[i], b[i], y[i]) = (i, 2 * i, -7);
        fixed (float* pa = a, pb = b, py = y)
        {
            VectorMap.Run(device, count, pa, py, default(Twice));
            for (int i = 0; i < count; i++)
                Assert.Equal(2 * a[i], y[i]);
            Assert.Equal(-7, y[count]);
            VectorMap.Run(device, count, pa, pb, py, default(Less));
            for (int i = 0; i < count; i++)
                Assert.Equal(a[i] - b[i], y[i]);
            Assert.Equal(-7, y[count]);
        }
    }

    private readonly struct Twice : IVectorFunction
    {
        public Vector512<float> Invoke(Vector512<float> a) => a + a;
    }

    private readonly struct Less : IVectorFunction2
    {
        public Vector512<float> Invoke(Vector512<float> a, Vector512<float> b) => a - b;
    }
}
