using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Random;

namespace CaffeActors.Compute.Fillers;

/// <summary>Arrays of random numbers: element i from word i of a draw, a pair of Gaussians from a pair.</summary>
internal static unsafe class RandomFill
{
    private const int Words = 1024;

    /// <summary>Uniform numbers of 24 random bits between two bounds; both can occur.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Uniform(Span<float> target, RandomDraw draw, float min, float max)
    {
        uint* words = stackalloc uint[Words];
        Vector512<float> low = Vector512.Create(min), high = Vector512.Create(max);
        fixed (float* y = target)
        {
            for (int start = 0; start < target.Length; start += Words)
            {
                int length = Math.Min(Words, target.Length - start);
                draw.Words((uint)start, new Span<uint>(words, (length + 15) & ~15));
                for (int i = 0; i < length; i += 16)
                {
                    // Weighted means, since max - min can overflow; rounding must not lead past the bounds.
                    Vector512<float> u = ToFloat(Vector512.Load(words + i) >> 8) * (1f / 16777216);
                    Vector512<float> value = ((Vector512<float>.One - u) * low) + (u * high);
                    value = Vector512.Max(low, Vector512.Min(high, value));
                    Lanes.Store(value, y + start + i, Math.Min(16, length - i));
                }
            }
        }
    }

    /// <summary>Numbers of a normal distribution, by Box and Muller's transform.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Gaussian(Span<float> target, RandomDraw draw, float mean, float deviation)
    {
        uint* words = stackalloc uint[Words];
        fixed (float* y = target)
        {
            for (int start = 0; start < target.Length; start += Words)
            {
                int length = Math.Min(Words, target.Length - start);
                draw.Words((uint)start, new Span<uint>(words, (length + 31) & ~31));
                for (int i = 0; i < length; i += 32)
                {
                    (Vector512<float> a, Vector512<float> b) = Pairs(
                        Vector512.Load(words + i).AsUInt64(), Vector512.Load(words + i + 16).AsUInt64(), deviation);
                    float* to = y + start + i;
                    Lanes.Store(a + Vector512.Create(mean), to, Math.Min(16, length - i));
                    Lanes.Store(b + Vector512.Create(mean), to + 16, Math.Clamp(length - i - 16, 0, 16));
                }
            }
        }
    }

    /// <summary>Sets to zero each element that a coin does not keep.</summary>
    /// <param name="target">The elements.</param>
    /// <param name="draw">Its words from 2^31 on are the coins: no filler gets so far with its elements.</param>
    /// <param name="probability">How likely an element is kept, 0 to 1.</param>
    public static void Thin(Span<float> target, RandomDraw draw, double probability)
    {
        var limit = (ulong)(probability * 4294967296.0);
        Span<uint> words = stackalloc uint[Words];
        for (int start = 0; start < target.Length; start += Words)
        {
            draw.Words(0x80000000 + (uint)start, words);
            Span<float> part = target[start..Math.Min(target.Length, start + Words)];
            for (int i = 0; i < part.Length; i++)
                part[i] = words[i] < limit ? part[i] : 0;
        }
    }

    // Of each pair of words the first gives the radius, the second the angle; the pair's numbers stand side by side.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> First, Vector512<float> Second) Pairs(
        Vector512<ulong> first, Vector512<ulong> second, float deviation)
    {
        Vector512<uint> u = Vector512.Narrow(first, second), v = Vector512.Narrow(first >> 32, second >> 32);
        // (u + 1/2) / 2^32 is never 0, so the radius is at most 6.8.
        Vector512<float> fraction = (ToFloat(u) + Vector512.Create(0.5f)) * (1f / 4294967296);
        Vector512<float> radius = deviation * Vector512.Sqrt(-2 * VectorMath.Log(fraction));

        // The angle is a whole number of quarter turns and at most an eighth of a turn to either side.
        Vector512<uint> quarter = (v + Vector512.Create(0x20000000u)) >> 30;
        Vector512<float> angle = Vector512.ConvertToSingle((v - (quarter << 30)).AsInt32()) * (MathF.Tau / 4294967296);
        (Vector512<float> sine, Vector512<float> cosine) = SinCos(angle);
        Vector512<float> swapped = Vector512.Equals(quarter & Vector512<uint>.One, Vector512<uint>.One).AsSingle();
        Vector512<float> x = Vector512.ConditionalSelect(swapped, sine, cosine);
        Vector512<float> y = Vector512.ConditionalSelect(swapped, cosine, sine);
        // cos is negative in the quarters 1 and 2, sin in 2 and 3: their signs are a bit of the quarter's number.
        x ^= (((quarter + Vector512<uint>.One) >> 1) << 31).AsSingle();
        y ^= ((quarter >> 1) << 31).AsSingle();

        (Vector512<ulong> x0, Vector512<ulong> x1) = Vector512.Widen((radius * x).AsUInt32());
        (Vector512<ulong> y0, Vector512<ulong> y1) = Vector512.Widen((radius * y).AsUInt32());
        return ((x0 | (y0 << 32)).AsSingle(), (x1 | (y1 << 32)).AsSingle());
    }

    // Taylor's series for |x| <= pi / 4.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Sine, Vector512<float> Cosine) SinCos(Vector512<float> x)
    {
        Vector512<float> z = x * x;
        Vector512<float> s = Vector512.Create(1f / 362880);
        s = Vector512.FusedMultiplyAdd(s, z, Vector512.Create(-1f / 5040));
        s = Vector512.FusedMultiplyAdd(s, z, Vector512.Create(1f / 120));
        s = Vector512.FusedMultiplyAdd(s, z, Vector512.Create(-1f / 6));
        Vector512<float> c = Vector512.Create(1f / 40320);
        c = Vector512.FusedMultiplyAdd(c, z, Vector512.Create(-1f / 720));
        c = Vector512.FusedMultiplyAdd(c, z, Vector512.Create(1f / 24));
        c = Vector512.FusedMultiplyAdd(c, z, Vector512.Create(-1f / 2));
        return (Vector512.FusedMultiplyAdd(s * z, x, x), Vector512.FusedMultiplyAdd(c, z, Vector512<float>.One));
    }

    // Nearest float of an unsigned number, by its halves: not every processor converts unsigned numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> ToFloat(Vector512<uint> x)
    {
        Vector512<float> high = Vector512.ConvertToSingle((x >> 16).AsInt32());
        Vector512<float> low = Vector512.ConvertToSingle((x & Vector512.Create(0xFFFFu)).AsInt32());
        return Vector512.FusedMultiplyAdd(high, Vector512.Create(65536f), low);
    }
}
