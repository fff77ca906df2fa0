using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

public sealed class RowSumsTests
{
    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 1)]
    [InlineData(1, 700)]
    [InlineData(2, 129)]
    [InlineData(8, 127)]
    [InlineData(9, 65)]
    [InlineData(33, 64)]
    [InlineData(127, 9)]
    [InlineData(128, 1)]
    [InlineData(129, 7)]
    [InlineData(1023, 2)]
    [InlineData(1025, 3)]
    [InlineData(8192, 2)]
    [InlineData(8193, 2)]
    [InlineData(20001, 3)]
    public void Run_AddsUpEachRow(int length, int rows)
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            gpu.Bind();
            using Blob x = LayerHarness.RandomBlob(1, [rows * length]), sums = new(rows + 1);
            sums.MutableData.Fill(3);
            // A row's numbers one after the other, and then a row's numbers as a column.
            var places = new ChannelElement(rows, length);
            RowSums.Run(gpu, rows, length, new ChannelTerm(x.GpuData(gpu), places), sums.MutableGpuData(gpu));
            AssertSums(x, sums, length, rows, false, 1, 0);
            RowSums.Run(gpu, rows, length, new ColumnTerm(x.GpuData(gpu), rows), sums.MutableGpuData(gpu), -0.5f);
            AssertSums(x, sums, length, rows, true, -0.5, 0);
            sums.MutableData.Fill(3);
            RowSums.Run(gpu, rows, length, new ColumnTerm(x.GpuData(gpu), rows), sums.MutableGpuData(gpu), 2, true);
            AssertSums(x, sums, length, rows, true, 2, 3);
        }
    }

    [Fact]
    public void Run_GivesARowTheSameBitsAmongAnyOthers()
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            gpu.Bind();
            foreach (int length in (int[])[7, 100, 1000, 9000])
            {
                using Blob x = LayerHarness.RandomBlob(2, [3 * length]), many = new(3), one = new(1);
                RowSums.Run(gpu, 3, length, new ChannelTerm(x.GpuData(gpu), new ChannelElement(3, length)),
                    many.OverwriteGpuData(gpu));
                RowSums.Run(gpu, 1, length, new ChannelTerm(x.GpuData(gpu), new ChannelElement(1, length)),
                    one.OverwriteGpuData(gpu));
                Assert.Equal(one.Data[0], many.Data[0]);
            }
        }
    }

    private static void AssertSums(Blob x, Blob sums, int length, int rows, bool columns, double scale, double before)
    {
        for (int row = 0; row < rows; row++)
        {
            double sum = 0;
            for (int k = 0; k < length; k++)
                sum += x.Data[columns ? (k * rows) + row : (row * length) + k];
            // Eight terms and more in a row, then a tree of them: the error grows as the root of the length.
            Assert.Equal(before + (scale * sum), sums.Data[row], 1e-6 * (4 + Math.Sqrt(length)));
        }

        Assert.Equal(3, sums.Data[rows]);
    }
}
