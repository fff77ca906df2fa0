using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>Multiplies packed panels: all row panels of a block by all its column panels.</summary>
internal static unsafe class PanelProduct
{
    /// <summary>The summed index is cut into parts of at most so many: panels then stay in the inner caches.</summary>
    public const int MaxDepth = 320;

    /// <summary>Columns packed at a time: with <see cref="MaxDepth"/> some 650 KB, for the second cache.</summary>
    public const int MaxColumns = 512;

    /// <summary>Numbers from a row to the next of a tile that is kept in a buffer.</summary>
    public const int TilePitch = 32;

    /// <summary>Numbers in such a buffer.</summary>
    public const int TileSize = 16 * TilePitch;

    private static readonly float[] _zeros = GC.AllocateArray<float>(32, pinned: true);

    /// <summary>Thirty-two zeros: what the rows or columns of a tile start from unless there is a bias.</summary>
    public static float* Zero { get; } = (float*)Unsafe.AsPointer(ref _zeros[0]);

    /// <summary>The parts of the summed index.</summary>
    public static EvenSplit Depths(int depth) => new(depth, Math.Max(1, (depth + MaxDepth - 1) / MaxDepth));

    /// <summary>Columns in whole panels, as chunks of at most <see cref="MaxColumns"/>; counted in panels.</summary>
    public static EvenSplit Chunks(KernelFamily family, int columns)
    {
        int panels = (columns + family.PanelColumns - 1) / family.PanelColumns, most = MaxColumns / family.PanelColumns;
        return new EvenSplit(panels, Math.Max(1, (panels + most - 1) / most));
    }

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
        KernelFamily family, float* left, int rows, int depth, float* right, int columns,
        float* c, nint ldc, bool accumulate)
    {
        EvenSplit panels = EvenSplit.RowPanels(family, rows);
        int wide = family.PanelColumns, full = columns / wide * wide, rest = columns - full;
        int add = accumulate ? 1 : 0;
        float* zero = Zero;
        for (int p = 0; p < panels.Parts; p++)
        {
            int first = panels.Start(p), height = panels.Count(p);
            float* a = left + ((nint)first * depth), target = c + (first * ldc);
            delegate*<nint, float*, float*, float*, nint, float*, int, int, void> tile = family.Tile(height, 2);
            for (int j = 0; j < full; j += wide)
                tile(depth, a, right + ((nint)j * depth), target + j, ldc, zero, add, family.Lanes);
            if (rest > 0)
                Part(family, height, rest, depth, a, right + ((nint)full * depth), target + full, ldc, zero, add);
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
        KernelFamily family, int rows, int columns, int depth, float* a, float* b,
        float* c, nint ldc, float* init, int add)
    {
        int lanes = family.Lanes, vectors = columns <= lanes ? 1 : 2;
        int last = columns - ((vectors - 1) * lanes);
        if (last == lanes || family.HasMasks)
        {
            family.Tile(rows, vectors)(depth, a, b, c, ldc, init, add, last);
            return;
        }

        float* buffer = stackalloc float[TileSize];
        family.Tile(rows, vectors)(depth, a, b, buffer, TilePitch, init, 0, lanes);
        for (int i = 0; i < rows; i++)
        {
            float* from = buffer + (i * TilePitch), to = c + (i * ldc);
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
