using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>The rows of a block of 8 columns become columns, in the registers of AVX.</summary>
internal static unsafe class Transpose8
{
    /// <summary>
    /// to[column * pitch + row] = scale * from[offsets[row] + column] for 8 columns; needs AVX. Rows from
    /// <paramref name="rows"/> on read as zero.
    /// </summary>
    /// <param name="from">Where the offsets start.</param>
    /// <param name="offsets">Of each row.</param>
    /// <param name="rows">Number of rows; more than 8 count as 8, less than 0 as 0.</param>
    /// <param name="to">Column 0, row 0.</param>
    /// <param name="pitch">From a column to the next.</param>
    /// <param name="fill">Numbers written for each column, at least 1; more than 8 count as 8.</param>
    /// <param name="scale">Factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Block(float* from, nint* offsets, int rows, float* to, nint pitch, int fill, float scale)
    {
        Vector256<float> zero = Vector256<float>.Zero;
        Vector256<float> r0 = rows > 0 ? Vector256.Load(from + offsets[0]) : zero;
        Vector256<float> r1 = rows > 1 ? Vector256.Load(from + offsets[1]) : zero;
        Vector256<float> r2 = rows > 2 ? Vector256.Load(from + offsets[2]) : zero;
        Vector256<float> r3 = rows > 3 ? Vector256.Load(from + offsets[3]) : zero;
        Vector256<float> r4 = rows > 4 ? Vector256.Load(from + offsets[4]) : zero;
        Vector256<float> r5 = rows > 5 ? Vector256.Load(from + offsets[5]) : zero;
        Vector256<float> r6 = rows > 6 ? Vector256.Load(from + offsets[6]) : zero;
        Vector256<float> r7 = rows > 7 ? Vector256.Load(from + offsets[7]) : zero;

        // Pairs of rows, then fours, then all eight.
        Vector256<float> t0 = Avx.UnpackLow(r0, r1), t1 = Avx.UnpackHigh(r0, r1);
        Vector256<float> t2 = Avx.UnpackLow(r2, r3), t3 = Avx.UnpackHigh(r2, r3);
        Vector256<float> t4 = Avx.UnpackLow(r4, r5), t5 = Avx.UnpackHigh(r4, r5);
        Vector256<float> t6 = Avx.UnpackLow(r6, r7), t7 = Avx.UnpackHigh(r6, r7);
        r0 = Avx.Shuffle(t0, t2, 0x44);
        r1 = Avx.Shuffle(t0, t2, 0xee);
        r2 = Avx.Shuffle(t1, t3, 0x44);
        r3 = Avx.Shuffle(t1, t3, 0xee);
        r4 = Avx.Shuffle(t4, t6, 0x44);
        r5 = Avx.Shuffle(t4, t6, 0xee);
        r6 = Avx.Shuffle(t5, t7, 0x44);
        r7 = Avx.Shuffle(t5, t7, 0xee);
        Vector256<float> s = Vector256.Create(scale);
        Store(s * Avx.Permute2x128(r0, r4, 0x20), to, fill);
        Store(s * Avx.Permute2x128(r1, r5, 0x20), to + pitch, fill);
        Store(s * Avx.Permute2x128(r2, r6, 0x20), to + (2 * pitch), fill);
        Store(s * Avx.Permute2x128(r3, r7, 0x20), to + (3 * pitch), fill);
        Store(s * Avx.Permute2x128(r0, r4, 0x31), to + (4 * pitch), fill);
        Store(s * Avx.Permute2x128(r1, r5, 0x31), to + (5 * pitch), fill);
        Store(s * Avx.Permute2x128(r2, r6, 0x31), to + (6 * pitch), fill);
        Store(s * Avx.Permute2x128(r3, r7, 0x31), to + (7 * pitch), fill);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> column, float* to, int fill)
    {
        if (fill >= 8)
        {
            column.Store(to);
            return;
        }

        Vector128<float> part = column.GetLower();
        if (fill >= 4)
        {
            part.Store(to);
            part = column.GetUpper();
            to += 4;
        }

        if ((fill & 2) != 0)
        {
            *(double*)to = part.AsDouble().ToScalar();
            part = Vector128.Shuffle(part, Vector128.Create(2, 3, 2, 3));
            to += 2;
        }

        if ((fill & 1) != 0)
            *to = part.ToScalar();
    }
}
