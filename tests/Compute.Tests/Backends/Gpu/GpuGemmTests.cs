using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

public sealed class GpuGemmTests
{
    // Thin products, tiles of all shapes and their edges, and sums so long that they are split. A simulation takes a
    // second for each of the large ones.
    public static TheoryData<int, int, int> Sizes
    {
        get
        {
            var sizes = new TheoryData<int, int, int> { { 1, 1, 1 }, { 65, 3, 17 }, { 3, 65, 0 } };
            if (TestDevices.Gpu is null)
                return sizes;
            sizes.Add(1, 65, 16);
            sizes.Add(64, 64, 15);
            sizes.Add(63, 1, 33);
            sizes.Add(65, 63, 17);
            sizes.Add(128, 5, 31);
            sizes.Add(16, 17, 512);
            sizes.Add(9, 70, 1025);
            sizes.Add(300, 200, 100);
            sizes.Add(4, 300, 700);
            sizes.Add(2, 3, 2000);
            sizes.Add(3, 1000, 16);
            sizes.Add(32, 130, 40);
            sizes.Add(33, 129, 600);
            sizes.Add(31, 31, 9);
            sizes.Add(1500, 1700, 33);
            return sizes;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Run_AgreesWithDoublePrecisionInAllTransposes(int m, int n, int k)
    {
        foreach ((bool transA, bool transB) in ((bool, bool)[])[(false, false), (false, true), (true, false),
            (true, true)])
        {
            Check(1, m, n, k, transA, transB, add: false, slack: 0);
            Check(1, m, n, k, transA, transB, add: true, slack: 3);
        }
    }

    [Theory]
    [InlineData(3, 5, 7, 9)]
    [InlineData(2, 5, 3, 513)]
    public void Run_DoesBatches(int batch, int m, int n, int k)
    {
        Check(batch, m, n, k, false, true, add: false, slack: 2);
        Check(batch, m, n, k, true, false, add: true, slack: 0);
    }

    [Fact]
    public void Run_AddsABiasToEachColumn()
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            gpu.Bind();
            using Blob a = LayerHarness.RandomBlob(1, [5, 30]), b = LayerHarness.RandomBlob(2, [30, 67]),
                bias = LayerHarness.RandomBlob(3, [67]), c = new(5, 67);
            GpuGemm.Run(gpu, 1, 5, 67, 30, new RowMatrix(a.GpuData(gpu), 0, 30), new RowMatrix(b.GpuData(gpu), 0, 67),
                new BiasedRowTarget(c.OverwriteGpuData(gpu), 67, bias.GpuData(gpu)));
            for (int i = 0; i < c.Count; i++)
                Assert.Equal(bias.Data[i % 67] + Dot(a, b, i / 67 * 30, 1, i % 67, 67, 30), c.Data[i], 1e-4);
        }
    }

    [Fact]
    public void NothingToDo_QueuesNothing()
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            long before = gpu.Launches;
            var none = new RowMatrix(Values.None, 0, 1);
            foreach ((int batch, int m, int n) in ((int, int, int)[])[(0, 1, 1), (1, 0, 1), (1, 1, 0)])
                GpuGemm.Run(gpu, batch, m, n, 5, none, none, new RowTarget(Values.None, 0, 1, 0, 0));
            Assert.Equal(before, gpu.Launches);
        }
    }

    // Slack: numbers before the first product, and between rows and products.
    private static void Check(int batch, int m, int n, int k, bool transA, bool transB, bool add, int slack)
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            gpu.Bind();
            int aRows = transA ? k : m, aStride = (transA ? m : k) + slack, aBatch = (aRows * aStride) + slack;
            int bRows = transB ? n : k, bStride = (transB ? k : n) + slack, bBatch = (bRows * bStride) + slack;
            int cStride = n + slack, cBatch = (m * cStride) + slack;
            using Blob a = LayerHarness.RandomBlob(1, [(batch * aBatch) + slack]),
                b = LayerHarness.RandomBlob(2, [(batch * bBatch) + slack]),
                c = LayerHarness.RandomBlob(3, [(batch * cBatch) + slack]);
            float[] before = c.Data.ToArray();
            Values av = a.GpuData(gpu), bv = b.GpuData(gpu);
            var target = new RowTarget(c.MutableGpuData(gpu), slack, cStride, cBatch, add ? 1 : 0);
            if (transA && transB)
            {
                GpuGemm.Run(gpu, batch, m, n, k, new ColumnMatrix(av, slack, aStride, aBatch),
                    new ColumnMatrix(bv, slack, bStride, bBatch), target);
            }
            else if (transA)
            {
                GpuGemm.Run(gpu, batch, m, n, k, new ColumnMatrix(av, slack, aStride, aBatch),
                    new RowMatrix(bv, slack, bStride, bBatch), target);
            }
            else if (transB)
            {
                GpuGemm.Run(gpu, batch, m, n, k, new RowMatrix(av, slack, aStride, aBatch),
                    new ColumnMatrix(bv, slack, bStride, bBatch), target);
            }
            else
            {
                GpuGemm.Run(gpu, batch, m, n, k, new RowMatrix(av, slack, aStride, aBatch),
                    new RowMatrix(bv, slack, bStride, bBatch), target);
            }

            ReadOnlySpan<float> after = c.Data;
            int seen = 0;
            for (int p = 0; p < batch; p++)
            {
                for (int row = 0; row < m; row++)
                {
                    for (int column = 0; column < n; column++)
                    {
                        int i = slack + (p * cBatch) + (row * cStride) + column;
                        double product = Dot(a, b,
                            slack + (p * aBatch) + (transA ? row : row * aStride), transA ? aStride : 1,
                            slack + (p * bBatch) + (transB ? column * bStride : column), transB ? 1 : bStride, k);
                        Assert.Equal((add ? before[i] : 0) + product, after[i], 1e-6 * (4 + k));
                        before[i] = after[i];
                        seen++;
                    }
                }
            }

            Assert.Equal(batch * m * n, seen);
            // What lies between has stayed.
            Assert.Equal(before, after.ToArray());
        }
    }

    private static double Dot(Blob a, Blob b, int aFirst, int aStep, int bFirst, int bStep, int k)
    {
        ReadOnlySpan<float> left = a.Data, right = b.Data;
        double sum = 0;
        for (int i = 0; i < k; i++)
            sum += (double)left[aFirst + (i * aStep)] * right[bFirst + (i * bStep)];
        return sum;
    }
}
