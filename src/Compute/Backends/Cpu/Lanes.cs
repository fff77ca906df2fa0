using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Moves between memory and the 16 lanes of a register that the cross-platform API has no name for: some lanes only
/// (the ends of arrays whose length is no multiple of sixteen), every other one.
/// </summary>
public static unsafe class Lanes
{
    /// <summary>Floats in a vector.</summary>
    public const int Count = 16;

    /// <summary>All bits set in the first lanes, none in the others.</summary>
    /// <param name="count">How many lanes; 16 or more takes all.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> First(int count) =>
        Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    /// <summary>Loads the first lanes, the others zero; reads nothing past them.</summary>
    /// <param name="source">Where the first lane is.</param>
    /// <param name="count">How many lanes, 0 to 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source, int count)
    {
        if (Avx512F.IsSupported)
            return Avx512F.MaskLoad(source, First(count), Vector512<float>.Zero);
        if (count >= 16)
            return Vector512.Load(source);
        Vector512<float> lanes = default;
        Unsafe.CopyBlockUnaligned(&lanes, source, (uint)count * sizeof(float));
        return lanes;
    }

    /// <summary>Stores the first lanes; writes nothing past them.</summary>
    /// <param name="lanes">The values.</param>
    /// <param name="target">Where the first lane goes.</param>
    /// <param name="count">How many lanes, 0 to 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> lanes, float* target, int count)
    {
        if (Avx512F.IsSupported)
            Avx512F.MaskStore(target, First(count), lanes);
        else if (count >= 16)
            lanes.Store(target);
        else
            Unsafe.CopyBlockUnaligned(target, &lanes, (uint)count * sizeof(float));
    }

    /// <summary>
    /// Loads 16 floats and takes the first of them, another value for the rest. What follows them must be readable.
    /// </summary>
    /// <param name="source">Where lane 0 comes from.</param>
    /// <param name="count">How many; more than 16 counts as 16.</param>
    /// <param name="rest">The value of the other lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFirst(float* source, int count, float rest) => Vector512.ConditionalSelect(
        First(count), Vector512.Load(source), Vector512.Create(rest));

    /// <summary>Brings the cache line of an address, which may be any, near the processor before it is
    /// needed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    /// <summary>The 16 floats at even and the 16 at odd places of 32 in a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Deinterleave(float* source, out Vector512<float> even, out Vector512<float> odd)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<float> a = Vector512.Load(source), b = Vector512.Load(source + 16);
            even = Avx512F.PermuteVar16x32x2(
                a, Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), b);
            odd = Avx512F.PermuteVar16x32x2(
                a, Vector512.Create(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), b);
        }
        else if (Avx2.IsSupported)
        {
            Vector256<float> a = Vector256.Load(source), b = Vector256.Load(source + 8);
            Vector256<float> c = Vector256.Load(source + 16), d = Vector256.Load(source + 24);
            even = Vector512.Create(Pick(a, b, 0x88), Pick(c, d, 0x88));
            odd = Vector512.Create(Pick(a, b, 0xDD), Pick(c, d, 0xDD));
        }
        else
        {
            even = Vector512.Create(
                source[0], source[2], source[4], source[6], source[8], source[10], source[12], source[14],
                source[16], source[18], source[20], source[22], source[24], source[26], source[28], source[30]);
            odd = Vector512.Create(
                source[1], source[3], source[5], source[7], source[9], source[11], source[13], source[15],
                source[17], source[19], source[21], source[23], source[25], source[27], source[29], source[31]);
        }

        static Vector256<float> Pick(Vector256<float> low, Vector256<float> high, [ConstantExpected] byte control) =>
            Avx2.Permute4x64(Avx.Shuffle(low, high, control).AsDouble(), 0xD8).AsSingle();
    }

    /// <summary>The inverse of <see cref="Deinterleave"/>: writes 32 floats, even places first given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInterleaved(float* target, Vector512<float> even, Vector512<float> odd)
    {
        Interleave(even, odd, out Vector512<float> low, out Vector512<float> high);
        low.Store(target);
        high.Store(target + 16);
    }

    /// <summary>The 32 floats whose even and odd places are given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(
        Vector512<float> even, Vector512<float> odd, out Vector512<float> low, out Vector512<float> high)
    {
        if (Avx512F.IsSupported)
        {
            low = Avx512F.PermuteVar16x32x2(
                even, Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), odd);
            high = Avx512F.PermuteVar16x32x2(
                even, Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), odd);
        }
        else if (Avx2.IsSupported)
        {
            low = Zip(even.GetLower(), odd.GetLower());
            high = Zip(even.GetUpper(), odd.GetUpper());
        }
        else
        {
            low = Alternate(even.GetLower(), odd.GetLower());
            high = Alternate(even.GetUpper(), odd.GetUpper());
        }

        static Vector512<float> Alternate(Vector256<float> a, Vector256<float> b) => Vector512.Create(
            a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3], a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7]);

        static Vector512<float> Zip(Vector256<float> even, Vector256<float> odd)
        {
            // Each half of a register by itself: 0 to 1 and 4 to 5, 2 to 3 and 6 to 7.
            Vector256<float> first = Avx.UnpackLow(even, odd), second = Avx.UnpackHigh(even, odd);
            return Vector512.Create(
                Avx.Permute2x128(first, second, 0x20), Avx.Permute2x128(first, second, 0x31));
        }
    }
}
