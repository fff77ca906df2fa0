using CaffeActors.Compute.Random;

namespace CaffeActors.Compute.Tests.Backends;

/// <summary>Floats that try conversions to 16 bits.</summary>
internal static class HalfSamples
{
    // Where rounding, underflow, overflow and NaN change over, in either 16-bit form.
    private static readonly uint[] Edges =
    [
        0x00000000, 0x00000001, 0x007FFFFF, 0x00800000, 0x33000000, 0x33000001, 0x33800000, 0x387FC000, 0x387FE000,
        0x387FFFFF, 0x38800000, 0x3F800000, 0x3F801000, 0x3F801001, 0x3F803000, 0x3F808000, 0x3F818000, 0x477FE000,
        0x477FEFFF, 0x477FF000, 0x47800000, 0x7F7F7FFF, 0x7F7F8000, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7F801FFF,
        0x7FBFFFFF, 0x7FC00000, 0x7FFFFFFF,
    ];

    /// <summary>The edges with both signs, then numbers of random bits, and random ones of usual size.</summary>
    /// <param name="count">How many, at least 100.</param>
    public static float[] Floats(int count)
    {
        var draw = new RandomDraw(7, 1, 0);
        var values = new float[count];
        int i = 0;
        foreach (uint edge in Edges)
        {
            values[i++] = BitConverter.UInt32BitsToSingle(edge);
            values[i++] = BitConverter.UInt32BitsToSingle(edge | 0x80000000);
        }

        for (; i < count; i++)
        {
            float share = draw.Float((uint)(2 * i)), other = draw.Float((uint)((2 * i) + 1));
            values[i] = i % 2 == 0
                ? BitConverter.UInt32BitsToSingle(((uint)(share * 65536) << 16) | (uint)(other * 65536))
                : (share - 0.5f) * MathF.Pow(2, (other * 60) - 35);
        }

        return values;
    }
}
