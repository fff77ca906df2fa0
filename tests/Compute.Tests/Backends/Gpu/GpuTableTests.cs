using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Testing;
using ILGPU;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

public sealed class GpuTableTests : IDisposable
{
    private readonly GpuDevice _gpu = TestDevices.OpenOwn();

    public void Dispose() => _gpu.Dispose();

    [Fact]
    public void Kernels_LookUpWhatItHolds()
    {
        using var table = new GpuTable();
        using var y = new Blob(3);
        foreach (int[] values in (int[][])[[5, 6, 7], [5, 6, 8], [int.MaxValue >> 8, -2, 0]])
        {
            _gpu.Run(3, new LookUpBody(table.On(_gpu, values), y.OverwriteGpuData(_gpu)));
            Assert.Equal(values.Select(value => (float)value), y.Data.ToArray());
        }
    }

    [Fact]
    public void EqualValues_StayWhereTheyAre()
    {
        using var table = new GpuTable();
        ArrayView<int> first = table.On(_gpu, [1, 2, 3]);
        Assert.Equal(first, table.On(_gpu, [1, 2, 3]));
        Assert.NotEqual(first.Length, table.On(_gpu, [1, 2, 3, 4]).Length);
        using GpuDevice other = TestDevices.OpenOwn();
        Assert.Equal(4, table.On(other, [1, 2, 3, 4]).Length);
    }

    public readonly struct LookUpBody(ArrayView<int> table, Values y) : IGpuBody
    {
        public void Invoke(int i) => y.Set(i, table[i]);
    }
}
