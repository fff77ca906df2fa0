using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Conversion between 32-bit floats and the two 16-bit forms: rounding to nearest, ties to even, what is too large
/// becomes infinite, NaN stays NaN, and the small numbers of <see cref="StorageType.Float16"/> are kept (subnormal).
/// </summary>
public static unsafe class HalfConversion
{
    private const int Width = 16;

    /// <summary>Floats to 16-bit values.</summary>
    /// <param name="source">The floats.</param>
    /// <param name="target">Receives the values.</param>
    /// <param name="count">Number of values.</param>
    /// <param name="type">Float16 or BFloat16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(float* source, ushort* target, long count, StorageType type)
    {
        bool brain = Is(type);
        long whole = count - (count % Width);
        for (long i = 0; i < whole; i += Width)
            Narrow(Rounded(Vector512.Load(source + i).AsUInt32(), brain)).Store(target + i);
        if (whole < count)
        {
            int left = (int)(count - whole);
            Vector512<uint> bits = Lanes.Load(source + whole, left).AsUInt32();
            StoreTail(Narrow(Rounded(bits, brain)), target + whole, left);
        }
    }

    /// <summary>16-bit values to floats, exactly.</summary>
    /// <param name="source">The values.</param>
    /// <param name="target">Receives the floats.</param>
    /// <param name="count">Number of values.</param>
    /// <param name="type">Float16 or BFloat16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Expand(ushort* source, float* target, long count, StorageType type)
    {
        bool brain = Is(type);
        long whole = count - (count % Width);
        for (long i = 0; i < whole; i += Width)
            Expanded(Widen(Vector256.Load(source + i)), brain).Store(target + i);
        if (whole < count)
        {
            int left = (int)(count - whole);
            ushort* tail = stackalloc ushort[Width];
            Unsafe.CopyBlock(tail, source + whole, (uint)left * sizeof(ushort));
            Lanes.Store(Expanded(Widen(Vector256.Load(tail)), brain), target + whole, left);
        }
    }

    private static bool Is(StorageType type) => type switch
    {
        StorageType.BFloat16 => true,
        StorageType.Float16 => false,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a 16-bit form"),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rounded(Vector512<uint> bits, bool brain) =>
        brain ? RoundBrain(bits) : RoundHalf(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Expanded(Vector512<uint> bits, bool brain) =>
        (brain ? bits << 16 : ExpandHalf(bits)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Narrow(Vector512<uint> bits) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector256UInt16(bits)
        : Vector256.Narrow(bits.GetLower(), bits.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Widen(Vector256<ushort> values)
    {
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector512UInt32(values);
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(values);
        return Vector512.Create(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> RoundBrain(Vector512<uint> bits)
    {
        Vector512<uint> magnitude = bits & Vector512.Create(0x7FFFFFFFu);
        // Half of the last kept bit, less one where that bit is 0: ties go to even.
        Vector512<uint> rounded = (bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One)) >> 16;
        Vector512<uint> nan = Vector512.GreaterThan(magnitude, Vector512.Create(0x7F800000u));
        return Vector512.ConditionalSelect(nan, (bits >> 16) | Vector512.Create(0x40u), rounded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> RoundHalf(Vector512<uint> bits)
    {
        Vector512<uint> sign = (bits >> 16) & Vector512.Create(0x8000u);
        Vector512<uint> magnitude = bits & Vector512.Create(0x7FFFFFFFu);
        // Normal: the exponent's bias goes from 127 to 15, and 13 bits are rounded off.
        Vector512<uint> normal = (magnitude - Vector512.Create((112u << 23) - 0xFFFu)
            + ((magnitude >> 13) & Vector512<uint>.One)) >> 13;
        // Below 2^-14 the sum with 0.5 leaves multiples of 2^-24 in the low bits, rounded by the processor.
        Vector512<uint> small = (magnitude.AsSingle() + Vector512.Create(0.5f)).AsUInt32()
            - Vector512.Create(0x3F000000u);
        Vector512<uint> result = Vector512.ConditionalSelect(
            Vector512.LessThan(magnitude, Vector512.Create(113u << 23)), small, normal);
        // From 65520 on the nearest is infinite.
        result = Vector512.ConditionalSelect(
            Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(0x477FF000u)), Vector512.Create(0x7C00u), result);
        Vector512<uint> quiet = Vector512.Create(0x7E00u) | ((magnitude >> 13) & Vector512.Create(0x3FFu));
        result = Vector512.ConditionalSelect(
            Vector512.GreaterThan(magnitude, Vector512.Create(0x7F800000u)), quiet, result);
        return result | sign;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> ExpandHalf(Vector512<uint> bits)
    {
        Vector512<uint> sign = (bits & Vector512.Create(0x8000u)) << 16;
        Vector512<uint> shifted = (bits & Vector512.Create(0x7FFFu)) << 13;
        // The bias of 15 becomes 127, that of infinity and NaN (31) 255; subnormal numbers are normal floats.
        Vector512<uint> normal = shifted + Vector512.Create(112u << 23);
        Vector512<uint> special = normal + Vector512.Create(112u << 23);
        Vector512<uint> small = ((shifted + Vector512.Create(113u << 23)).AsSingle()
            - Vector512.Create(113u << 23).AsSingle()).AsUInt32();
        Vector512<uint> result = Vector512.ConditionalSelect(
            Vector512.GreaterThanOrEqual(shifted, Vector512.Create(0x7C00u << 13)), special, normal);
        result = Vector512.ConditionalSelect(
            Vector512.LessThan(shifted, Vector512.Create(0x400u << 13)), small, result);
        return result | sign;
    }

    private static void StoreTail(Vector256<ushort> values, ushort* target, int count)
    {
        ushort* copy = stackalloc ushort[Width];
        values.Store(copy);
        Unsafe.CopyBlock(target, copy, (uint)count * sizeof(ushort));
    }
}
