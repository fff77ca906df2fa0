using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

/// <summary>Kernels convert between 32 and 16 bits as <see cref="HalfConversion"/> does, bit for bit; a NaN stays one,
/// with whatever bits the device's own instructions give it (NVIDIA's: all ones).</summary>
public sealed unsafe class ValuesTests : IDisposable
{
    private readonly GpuDevice _gpu = TestDevices.OpenOwn();

    public void Dispose() => _gpu.Dispose();

    [Theory]
    [InlineData(StorageType.Float16)]
    [InlineData(StorageType.BFloat16)]
    public void Expansion_IsTheCpusForAllValues(StorageType type)
    {
        const int Count = 1 << 16;
        ushort[] all = [.. Enumerable.Range(0, Count).Select(i => (ushort)i)];
        var expected = new float[Count];
        using var source = new Device<ushort>(_gpu, all, type);
        using var target = new Device<float>(_gpu, new float[Count], StorageType.Float32);
        _gpu.Run(Count, new CopyBody(source.Values, target.Values));
        fixed (ushort* halves = all)
        fixed (float* floats = expected)
            HalfConversion.Expand(halves, floats, Count, type);
        AssertSameBits(expected, target.Read());
    }

    [Theory]
    [InlineData(StorageType.Float16)]
    [InlineData(StorageType.BFloat16)]
    public void Rounding_IsTheCpus(StorageType type)
    {
        float[] values = HalfSamples.Floats(1 << 16);
        var expected = new ushort[values.Length];
        using var source = new Device<float>(_gpu, values, StorageType.Float32);
        using var target = new Device<ushort>(_gpu, new ushort[values.Length], type);
        _gpu.Run(values.Length, new CopyBody(source.Values, target.Values));
        fixed (float* floats = values)
        fixed (ushort* halves = expected)
            HalfConversion.Round(floats, halves, values.Length, type);
        ushort[] actual = target.Read();
        for (int i = 0; i < values.Length; i++)
        {
            Assert.True(expected[i] == actual[i] || (IsNaN(expected[i], type) && IsNaN(actual[i], type)),
                $"{BitConverter.SingleToUInt32Bits(values[i]):x8}: {actual[i]:x4}, the CPU has {expected[i]:x4}");
        }
    }

    [Fact]
    public void Add_ReadsRoundsAndWrites()
    {
        ushort one = BitConverter.HalfToUInt16Bits((Half)1);
        using var target = new Device<ushort>(_gpu, [one, one, one, one], StorageType.Float16);
        using var source = new Device<float>(_gpu, [1, 0.00048828125f, 0.000489f, -1], StorageType.Float32);
        _gpu.Run(4, new AddScaledBody(source.Values, target.Values, 1));
        // Half a unit in the last place goes to even, a little more goes up.
        Assert.Equal([2, 1, 1.0009765625f, 0],
            target.Read().Select(bits => (float)BitConverter.UInt16BitsToHalf(bits)));
    }

    private static void AssertSameBits(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(expected[i]);
            uint found = BitConverter.SingleToUInt32Bits(actual[i]);
            Assert.True(bits == found || (float.IsNaN(expected[i]) && float.IsNaN(actual[i])),
                $"{i:x4}: {found:x8}, the CPU has {bits:x8}");
        }
    }

    private static bool IsNaN(ushort bits, StorageType type) => type == StorageType.Float16
        ? Half.IsNaN(BitConverter.UInt16BitsToHalf(bits))
        : float.IsNaN(BitConverter.UInt32BitsToSingle((uint)bits << 16));

    private sealed class Device<T> : IDisposable
        where T : unmanaged
    {
        private readonly GpuMemory _memory;
        private readonly int _count;

        public Device(GpuDevice gpu, T[] values, StorageType type)
        {
            _count = values.Length;
            _memory = (GpuMemory)gpu.Allocate((long)_count * sizeof(T));
            fixed (T* from = values)
                _memory.CopyFromHost(from);
            Values = new Values(_memory.Buffer.View, type);
        }

        public Values Values { get; }

        public T[] Read()
        {
            var values = new T[_count];
            fixed (T* to = values)
                _memory.CopyToHost(to);
            return values;
        }

        public void Dispose() => _memory.Dispose();
    }
}
