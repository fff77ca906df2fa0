using System.Runtime.InteropServices;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Gemm;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Tests.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Tests.Backends.Cpu.Convolution;

/// <summary>What tests of convolutions compute with and compare.</summary>
internal static class ConvolutionData
{
    private const int Guard = 20;

    /// <summary>Checks with devices of one, two and three threads.</summary>
    public static void WithDevices(string family, Action<CpuDevice[]> check)
    {
        KernelFamily kernels = KernelFamilies.Named(family);
        CpuDevice[] devices = [.. Enumerable.Range(1, 3).Select(t => new CpuDevice(t) { Kernels = kernels })];
        check(devices);
        foreach (CpuDevice device in devices)
            device.Dispose();
    }

    /// <summary>Numbers of one value, with others behind them that nobody may touch.</summary>
    public static Blob Guarded(int count, float value)
    {
        var blob = new Blob(count + Guard);
        blob.MutableData.Fill(value);
        blob.MutableData[count..].Fill(Guard);
        return blob;
    }

    /// <summary>The numbers, those behind them being untouched.</summary>
    public static float[] Values(Blob guarded)
    {
        Assert.All(guarded.Data[^Guard..].ToArray(), value => Assert.Equal(Guard, value));
        return guarded.Data[..^Guard].ToArray();
    }

    /// <summary>Fails unless two arrays have the same bits.</summary>
    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what) =>
        Assert.True(
            MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(actual)), $"{what}: other bits");

    /// <summary>Random numbers between -1 and 1.</summary>
    public static Blob Values(ulong stream, int count)
    {
        var blob = new Blob(count);
        var draw = new RandomDraw(11, stream, 0);
        Span<float> data = blob.MutableData;
        for (int i = 0; i < count; i++)
            data[i] = (2 * draw.Float((uint)i)) - 1;
        return blob;
    }
}
