using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CaffeActors.Compute.Backends.Cpu.Gemm;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>Part of a panel of pixels that lies together in memory.</summary>
/// <param name="Offset">Where its first pixel lies.</param>
/// <param name="Column">Its first column in the panel.</param>
/// <param name="Length">Number of pixels.</param>
internal readonly record struct PixelPiece(nint Offset, int Column, int Length);

/// <summary>Packs columns of the matrix that a convolution multiplies its weights with, from the source.</summary>
internal static unsafe class PixelPanels
{
    /// <summary>
    /// Packs one panel: row k holds source[offsets[k] + piece] for its pieces. Rows are written in order and a register
    /// at a time, so that up to 15 numbers past a row's end are overwritten, and read as many past a piece's end.
    /// </summary>
    /// <param name="source">Where the pieces' offsets start.</param>
    /// <param name="offsets">Of each k.</param>
    /// <param name="depth">Number of k.</param>
    /// <param name="pieces">Pieces of at most 16 pixels, in the order of their columns.</param>
    /// <param name="count">Number of pieces.</param>
    /// <param name="pitch">Width of the panel.</param>
    /// <param name="to">The panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Pack(
        float* source, int* offsets, int depth, PixelPiece* pieces, int count, int pitch, float* to)
    {
        float* s0 = source + pieces[0].Offset;
        switch (count)
        {
            case 1:
                for (int k = 0; k < depth; k++, to += pitch)
                    Vector512.Load(s0 + offsets[k]).Store(to);
                break;
            case 2:
                {
                    float* s1 = source + pieces[1].Offset;
                    float* to1 = to + pieces[1].Column;
                    for (int k = 0; k < depth; k++, to += pitch, to1 += pitch)
                    {
                        nint offset = offsets[k];
                        Vector512.Load(s0 + offset).Store(to);
                        Vector512.Load(s1 + offset).Store(to1);
                    }

                    break;
                }

            case 3:
                {
                    float* s1 = source + pieces[1].Offset, s2 = source + pieces[2].Offset;
                    float* to1 = to + pieces[1].Column, to2 = to + pieces[2].Column;
                    for (int k = 0; k < depth; k++, to += pitch, to1 += pitch, to2 += pitch)
                    {
                        nint offset = offsets[k];
                        Vector512.Load(s0 + offset).Store(to);
                        Vector512.Load(s1 + offset).Store(to1);
                        Vector512.Load(s2 + offset).Store(to2);
                    }

                    break;
                }

            case 4:
                {
                    float* s1 = source + pieces[1].Offset, s2 = source + pieces[2].Offset, s3 = source + pieces[3]
                        .Offset;
                    nint c1 = pieces[1].Column, c2 = pieces[2].Column, c3 = pieces[3].Column;
                    for (int k = 0; k < depth; k++, to += pitch)
                    {
                        nint offset = offsets[k];
                        Vector512.Load(s0 + offset).Store(to);
                        Vector512.Load(s1 + offset).Store(to + c1);
                        Vector512.Load(s2 + offset).Store(to + c2);
                        Vector512.Load(s3 + offset).Store(to + c3);
                    }

                    break;
                }

            default:
                for (int k = 0; k < depth; k++, to += pitch)
                {
                    float* from = source + offsets[k];
                    for (int i = 0; i < count; i++)
                        Vector512.Load(from + pieces[i].Offset).Store(to + pieces[i].Column);
                }

                break;
        }
    }

    /// <summary>
    /// Transposes up to 16 pixels of up to 16 k: to[pixel * pitch + k] for each of them. Up to 15 numbers past a
    /// piece's end are read.
    /// </summary>
    /// <param name="source">Where the pieces' offsets start.</param>
    /// <param name="pieces">Where the pixels lie; their columns count from 0.</param>
    /// <param name="count">Number of pieces.</param>
    /// <param name="offsets">Of 16 k; all must be valid.</param>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="to">Pixel 0, k 0.</param>
    /// <param name="pitch">From a pixel to the next.</param>
    /// <param name="fill">Number of k.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Transpose(
        float* source, PixelPiece* pieces, int count, nint* offsets, int pixels, float* to, nint pitch, int fill)
    {
        if (Avx512F.IsSupported)
        {
            Transpose16.Avx512(source, pieces, count, offsets, pixels, to, pitch, fill);
            return;
        }

        if (count == 1)
        {
            Packing.Transpose(source + pieces[0].Offset, offsets, fill, pixels, to, pitch, fill, 1f);
            return;
        }

        // First the pieces of each k side by side, as in Pack.
        const int Row = 32;
        float* rows = stackalloc float[16 * Row];
        nint* starts = stackalloc nint[16];
        for (int k = 0; k < fill; k++)
        {
            starts[k] = k * Row;
            for (int p = 0; p < count; p++)
                Vector512.Load(source + offsets[k] + pieces[p].Offset).Store(rows + (k * Row) + pieces[p].Column);
        }

        Packing.Transpose(rows, starts, fill, pixels, to, pitch, fill, 1f);
    }
}
