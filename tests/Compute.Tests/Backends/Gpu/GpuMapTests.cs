using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

public sealed class GpuMapTests
{
    [Theory]
    [InlineData(StorageType.Float32)]
    [InlineData(StorageType.Float16)]
    [InlineData(StorageType.BFloat16)]
    public void Run_DoesEachElementOnceAndNoOther(StorageType storage)
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            gpu.Bind();
            foreach (int count in (int[])[0, 1, 63, 64, 65, 127, 128, 129, 255, 257])
            {
                using Blob a = Whole(storage, 0), b = Whole(storage, 100), y = Whole(storage, 7);
                GpuMap.Run(gpu, count, a.GpuData(gpu), b.GpuData(gpu), y.MutableGpuData(gpu), default(Sum));
                GpuMap.Run(gpu, count, a.GpuData(gpu), a.MutableGpuData(gpu), default(Double));
                for (int i = 0; i < a.Count; i++)
                {
                    int x = i % 50;
                    Assert.Equal(i < count ? 2 * x : x, a.Data[i]);
                    Assert.Equal(i < count ? (2 * x) + 100 : x + 7, y.Data[i]);
                }
            }
        }
    }

    [Fact]
    public void Bodies_FillScaleCopyAndAdd()
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            gpu.Bind();
            using Blob x = Whole(StorageType.Float32, 1), y = Whole(StorageType.Float32, 0);
            gpu.Run(100, new AddScaledBody(x.GpuData(gpu), y.MutableGpuData(gpu), 3));
            gpu.Run(50, new ScaleBody(x.GpuData(gpu), y.MutableGpuData(gpu), -2));
            gpu.Run(20, new CopyBody(x.GpuData(gpu), y.MutableGpuData(gpu)));
            gpu.Run(10, new FillBody(y.MutableGpuData(gpu), 0.5f));
            for (int i = 0; i < y.Count; i++)
            {
                int before = i % 50, value = before + 1;
                Assert.Equal(
                    i < 10 ? 0.5f : i < 20 ? value : i < 50 ? -2 * value : i < 100 ? before + (3 * value) : before,
                    y.Data[i]);
            }
        }
    }

    // Whole numbers that all forms of storage have.
    private static Blob Whole(StorageType storage, int first)
    {
        var blob = new Blob(300) { DataStorage = storage };
        for (int i = 0; i < blob.Count; i++)
            blob.MutableData[i] = first + (i % 50);
        return blob;
    }

    public readonly struct Sum : IGpuFunction2
    {
        public float Invoke(float a, float b) => a + b;
    }

    public readonly struct Double : IGpuFunction
    {
        public float Invoke(float x) => x + x;
    }
}
