using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Tests.Backends.Cpu;

public sealed unsafe class HalfConversionTests
{
    private const int All = 1 << 16;

    [Fact]
    public void HalfsExpand_AsTheRuntimesDo()
    {
        float[] values = Expand([.. Enumerable.Range(0, All).Select(i => (ushort)i)], StorageType.Float16);
        for (int i = 0; i < All; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            if (float.IsNaN(expected))
                Assert.True(float.IsNaN(values[i]), $"{i:x4}");
            else
                Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(values[i]));
        }
    }

    [Fact]
    public void BrainFloatsExpand_ToTheirUpperHalf()
    {
        float[] values = Expand([.. Enumerable.Range(0, All).Select(i => (ushort)i)], StorageType.BFloat16);
        for (int i = 0; i < All; i++)
            Assert.Equal((uint)i << 16, BitConverter.SingleToUInt32Bits(values[i]));
    }

    [Theory]
    [InlineData(StorageType.Float16)]
    [InlineData(StorageType.BFloat16)]
    public void Values_ComeBackAsTheyWent(StorageType type)
    {
        ushort[] all = [.. Enumerable.Range(0, All).Select(i => (ushort)i)];
        ushort[] back = Round(Expand(all, type), type);
        for (int i = 0; i < All; i++)
        {
            bool nan = float.IsNaN(Expand([all[i]], type)[0]);
            // A signalling NaN comes back as a quiet one.
            Assert.Equal(nan ? all[i] | (type == StorageType.Float16 ? 0x200 : 0x40) : all[i], back[i]);
        }
    }

    [Fact]
    public void FloatsRound_ToTheRuntimesHalfs()
    {
        float[] values = HalfSamples.Floats(1 << 20);
        ushort[] halves = Round(values, StorageType.Float16);
        for (int i = 0; i < values.Length; i++)
        {
            var expected = (Half)values[i];
            if (Half.IsNaN(expected))
                Assert.True(Half.IsNaN(BitConverter.UInt16BitsToHalf(halves[i])), $"{values[i]}");
            else if (BitConverter.HalfToUInt16Bits(expected) != halves[i])
                Assert.Fail($"{values[i]:r} is {halves[i]:x4}, not {BitConverter.HalfToUInt16Bits(expected):x4}");
        }
    }

    [Fact]
    public void FloatsRound_ToTheNearestBrainFloat()
    {
        float[] values = HalfSamples.Floats(1 << 20);
        ushort[] halves = Round(values, StorageType.BFloat16);
        for (int i = 0; i < values.Length; i++)
        {
            if (float.IsNaN(values[i]))
                Assert.True((halves[i] & 0x7FFF) > 0x7F80, $"NaN became {halves[i]:x4}");
            else if (Nearest(values[i]) != halves[i])
                Assert.Fail($"{values[i]:r} is {halves[i]:x4}, not {Nearest(values[i]):x4}");
        }
    }

    [Theory]
    [InlineData(StorageType.Float16)]
    [InlineData(StorageType.BFloat16)]
    public void Ends_OfAnyLengthStayWithinTheirMemory(StorageType type)
    {
        float[] values = HalfSamples.Floats(100);
        ushort[] whole = Round(values, type);
        for (int count = 0; count < 40; count++)
        {
            var halves = new ushort[count + 1];
            var floats = new float[count + 1];
            (halves[count], floats[count]) = (0xABCD, 5);
            fixed (float* from = values)
            fixed (ushort* to = halves)
                HalfConversion.Round(from, to, count, type);
            Assert.Equal([.. whole[..count], (ushort)0xABCD], halves);
            fixed (ushort* from = halves)
            fixed (float* to = floats)
                HalfConversion.Expand(from, to, count, type);
            Assert.Equal([.. Expand(whole[..count], type), 5], floats);
        }
    }

    [Fact]
    public void FullPrecision_IsNo16BitForm() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Expand([1], StorageType.Float32));

    // By distances: the two neighbours are exact as doubles. The one above the greatest stands for infinity.
    private static ushort Nearest(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        var below = (ushort)(bits >> 16);
        if (float.IsInfinity(value))
            return below;
        double exact = Math.Abs((double)value), low = Magnitude(below), high = Magnitude((ushort)(below + 1));
        return exact - low < high - exact || (exact - low == high - exact && below % 2 == 0)
            ? below : (ushort)(below + 1);
    }

    private static double Magnitude(ushort brain)
    {
        int exponent = (brain >> 7) & 0xFF, mantissa = brain & 0x7F;
        return exponent == 0 ? Math.ScaleB(mantissa, -133) : Math.ScaleB(128 + mantissa, exponent - 134);
    }

    private static float[] Expand(ushort[] halves, StorageType type)
    {
        var floats = new float[halves.Length];
        fixed (ushort* from = halves)
        fixed (float* to = floats)
            HalfConversion.Expand(from, to, halves.Length, type);
        return floats;
    }

    private static ushort[] Round(float[] floats, StorageType type)
    {
        var halves = new ushort[floats.Length];
        fixed (float* from = floats)
        fixed (ushort* to = halves)
            HalfConversion.Round(from, to, floats.Length, type);
        return halves;
    }
}
