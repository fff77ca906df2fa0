using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>Multiplies packed panels: all row panels of a block by all its column panels.</summary>
internal static unsafe class PanelProduct
{
    /// <summary>The summed index is cut into parts of at most so many, so that panels stay in the inner caches.</summary>
    public const int MaxDepth = 320;

    /// <summary>Columns packed at a time: with <see cref="MaxDepth"/> some 650 KB, for the second cache.</summary>
    public const int MaxColumns = 512;

    private static readonly float[] Zeros = GC.AllocateArray<float>(16, pinned: true);

    /// <summary>Sixteen zeros: what a tile starts from unless there is a bias.</summary>
    public static float* Zero { get; } = (float*)Unsafe.AsPointer(ref Zeros[0]);

    /// <summary>Number of parts of the summed index.</summary>
    public static int Parts(int depth) => Math.Max(1, (depth + MaxDepth - 1) / MaxDepth);

    /// <summary>Where a part starts.</summary>
    public static int PartStart(int depth, int parts, int part) => (int)((long)part * depth / parts);

    /// <summary>Sets c, or adds to it, for all rows and columns of a packed block.</summary>
    /// <param name="family">The kernels.</param>
    /// <param name="left">Packed rows.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="depth">Number of k in this part.</param>
    /// <param name="right">Packed columns.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="c">The first element.</param>
    /// <param name="ldc">From a row of c to the next.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Run(
        KernelFamily family, float* left, int rows, int depth, float* right, int columns, float* c, nint ldc, bool accumulate)
    {
        int panels = Packing.PanelCount(family, rows), wide = family.PanelColumns, narrow = family.Lanes;
        int full = columns / wide * wide, rest = columns - full;
        int add = accumulate ? 1 : 0;
        float* zero = Zero;
        for (int p = 0; p < panels; p++)
        {
            int first = Packing.PanelStart(rows, panels, p), count = Packing.PanelStart(rows, panels, p + 1) - first;
            float* a = left + ((nint)first * depth), target = c + (first * ldc);
            delegate*<nint, float*, float*, float*, nint, float*, int, int, void> tile = family.Tile(count, 2);
            for (int j = 0; j < full; j += wide)
                tile(depth, a, right + ((nint)j * depth), target + j, ldc, zero, add, narrow);
            if (rest > 0)
                Part(family, count, rest, depth, a, right + ((nint)full * depth), target + full, ldc, zero, add);
        }
    }

    /// <summary>A tile that is not full: masked where the family can, else by way of a buffer.</summary>
    /// <param name="family">The kernels.</param>
    /// <param name="rows">Rows of the tile.</param>
    /// <param name="columns">Columns wanted, at most the panel's.</param>
    /// <param name="depth">Number of k.</param>
    /// <param name="a">Packed rows.</param>
    /// <param name="b">Packed columns: one register wide if that is enough, else two.</param>
    /// <param name="c">Where to put them.</param>
    /// <param name="ldc">From a row of c to the next.</param>
    /// <param name="init">What each row starts from.</param>
    /// <param name="add">Whether to add to what is there, 0 or 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Part(
        KernelFamily family, int rows, int columns, int depth, float* a, float* b, float* c, nint ldc, float* init, int add)
    {
        int lanes = family.Lanes, vectors = columns <= lanes ? 1 : 2;
        int last = columns - ((vectors - 1) * lanes);
        if (last == lanes || family.HasMasks)
        {
            family.Tile(rows, vectors)(depth, a, b, c, ldc, init, add, last);
            return;
        }

        float* buffer = stackalloc float[16 * 32];
        family.Tile(rows, vectors)(depth, a, b, buffer, 32, init, 0, lanes);
        for (int i = 0; i < rows; i++)
        {
            float* from = buffer + (i * 32), to = c + (i * ldc);
            if (add != 0)
            {
                for (int j = 0; j < columns; j++)
                    to[j] += from[j];
            }
            else
            {
                for (int j = 0; j < columns; j++)
                    to[j] = from[j];
            }
        }
    }
}
