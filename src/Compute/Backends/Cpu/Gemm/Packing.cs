using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>
/// Brings parts of matrices into the order in which tile kernels read them: rows of the left matrix in panels of up
/// to 14 (or 6), columns of the right one in panels of two registers, each panel with the summed index outermost.
/// </summary>
internal static unsafe class Packing
{
    // Rows of the right matrix fetched ahead, and floats ahead along a transposed one: 5 to 10 % on large layers.
    private const int RowsAhead = 8;
    private const int FloatsAhead = 64;

    /// <summary>
    /// Packs row panels of the left matrix, scaled. Panel p lies at <paramref name="to"/> + first row * depth.
    /// </summary>
    /// <param name="family">Whose panels.</param>
    /// <param name="a">Element (0, first k).</param>
    /// <param name="rowStep">From a row to the next.</param>
    /// <param name="depthStep">From a k to the next; 1, or rowStep is 1.</param>
    /// <param name="rows">Rows in all.</param>
    /// <param name="depth">Number of k.</param>
    /// <param name="scale">Factor.</param>
    /// <param name="to">Room for rows * depth floats and a register.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Left(
        KernelFamily family, float* a, nint rowStep, nint depthStep, int rows, int depth, float scale, float* to)
    {
        EvenSplit panels = EvenSplit.RowPanels(family, rows);
        nint* offsets = stackalloc nint[16];
        for (int i = 0; i < 16; i++)
            offsets[i] = i * rowStep;
        for (int p = 0; p < panels.Parts; p++)
        {
            int first = panels.Start(p), count = panels.Count(p);
            float* from = a + (first * rowStep), panel = to + ((nint)first * depth);
            if (depthStep != 1)
            {
                CopyRows(from, depthStep, count, depth, scale, panel);
                continue;
            }

            for (int k = 0; k < depth; k += 16)
            {
                int run = Math.Min(16, depth - k);
                Transpose(from + k, offsets, count, run, panel + ((nint)k * count), count, count, scale);
            }
        }
    }

    /// <summary>
    /// Packs column panels of the right matrix. The panel of column j lies at <paramref name="to"/> + j * depth; the
    /// last one is one register wide if that is enough.
    /// </summary>
    /// <param name="family">Whose panels.</param>
    /// <param name="b">Element (first k, first column).</param>
    /// <param name="depthStep">From a k to the next.</param>
    /// <param name="columnStep">From a column to the next; 1, or depthStep is 1.</param>
    /// <param name="depth">Number of k.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="to">Room for depth * columns, rounded up to whole registers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Right(
        KernelFamily family, float* b, nint depthStep, nint columnStep, int depth, int columns, float* to)
    {
        int wide = family.PanelColumns, narrow = family.Lanes;
        if (columnStep == 1)
        {
            int full = columns / wide * wide;
            // A band of columns at a time, all its panels side by side: rows are read in long runs.
            for (int band = 0; band < full; band += 256)
            {
                int panels = Math.Min(256, full - band) / wide;
                CopyPanels(b + band, depthStep, depth, panels, wide, to + ((nint)band * depth));
            }

            if (full < columns)
            {
                int rest = columns - full;
                CopyPanel(b + full, depthStep, depth, rest, rest <= narrow ? narrow : wide, to + ((nint)full * depth));
            }

            return;
        }

        nint* offsets = stackalloc nint[16];
        for (int i = 0; i < 16; i++)
            offsets[i] = i * columnStep;
        for (int j = 0; j < columns; j += wide)
        {
            int width = Math.Min(wide, columns - j), pitch = width <= narrow ? narrow : wide;
            float* panel = to + ((nint)j * depth);
            for (int half = 0; half < pitch; half += 16)
            {
                int count = Math.Min(16, width - half), fill = Math.Min(16, pitch - half);
                for (int k = 0; k < depth; k += 16)
                {
                    float* from = b + ((j + half) * columnStep) + k;
                    for (int q = 0; q < count; q++)
                        Prefetch(from + (q * columnStep) + FloatsAhead);
                    float* target = panel + ((nint)k * pitch) + half;
                    Transpose(from, offsets, count, Math.Min(16, depth - k), target, pitch, fill, 1f);
                }
            }
        }
    }

    /// <summary>
    /// to[column * pitch + row] = scale * from[offsets[row] + column] for up to 16 rows and 16 columns; for each column
    /// <paramref name="fill"/> numbers are written, zeros past the rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Transpose(
        float* from, nint* offsets, int rows, int columns, float* to, nint pitch, int fill, float scale)
    {
        if (Avx512F.IsSupported)
        {
            Transpose16.Avx512(from, offsets, rows, columns, to, pitch, fill, scale);
            return;
        }

        int c = 0;
        if (Avx.IsSupported)
        {
            for (; c + 8 <= columns; c += 8)
            {
                for (int r = 0; r < fill; r += 8)
                    Transpose8.Block(from + c, offsets + r, rows - r, to + (c * pitch) + r, pitch, fill - r, scale);
            }
        }

        for (int r = 0; r < fill; r++)
        {
            float* source = from + offsets[Math.Min(r, rows - 1)];
            for (int i = c; i < columns; i++)
                to[(i * pitch) + r] = r < rows ? scale * source[i] : 0;
        }
    }

    /// <summary>Asks for a cache line that will be read soon; the address need not be valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    // Each k of a left panel lies together already.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows(float* from, nint depthStep, int count, int depth, float scale, float* to)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<float> mask = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();
            Vector512<float> scales = Vector512.Create(scale);
            for (int k = 0; k < depth; k++)
            {
                Avx512F.MaskStore(to, mask, scales * Avx512F.MaskLoad(from, mask, Vector512<float>.Zero));
                from += depthStep;
                to += count;
            }

            return;
        }

        for (int k = 0; k < depth; k++)
        {
            for (int i = 0; i < count; i++)
                to[i] = scale * from[i];
            from += depthStep;
            to += count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyPanels(float* from, nint depthStep, int depth, int panels, int wide, float* to)
    {
        nint panelStep = (nint)wide * depth;
        for (int k = 0; k < depth; k++)
        {
            float* source = from, ahead = from + (RowsAhead * depthStep), panel = to;
            for (int p = 0; p < panels; p++)
            {
                for (int j = 0; j < wide; j += 16)
                {
                    Prefetch(ahead);
                    Vector512.Load(source).Store(panel + j);
                    source += 16;
                    ahead += 16;
                }

                panel += panelStep;
            }

            from += depthStep;
            to += wide;
        }
    }

    // The last panel: what is missing in its width becomes zero.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyPanel(float* from, nint depthStep, int depth, int width, int pitch, float* to)
    {
        for (int k = 0; k < depth; k++)
        {
            int j = 0;
            for (; j + 8 <= width; j += 8)
                Vector256.Load(from + j).Store(to + j);
            for (; j < width; j++)
                to[j] = from[j];
            for (; j < pitch; j++)
                to[j] = 0;
            from += depthStep;
            to += pitch;
        }
    }
}
