using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>
/// The matrix kernels of one register width, with what the drivers must know of them. A tile kernel computes up to
/// <see cref="MaxRows"/> rows by two units of columns and holds them in registers over the whole sum; a unit is a
/// register, or two narrow ones.
/// </summary>
public sealed unsafe class KernelFamily
{
    private readonly delegate*<nint, float*, float*, float*, nint, float*, int, int, void>[] _tiles;
    private readonly delegate*<nint, float*, float*, float*, nint, float*, void>[] _blockTiles;

    private readonly delegate*<
        nint, float*, float*, nint, float*, nint, float*, int, float, float*, float*, nint*, void>[] _streams;

    private readonly delegate*<
        nint, float*, float*, nint, float*, nint, float, float, float*, float*, float*, float*, void>[] _dots;

    private readonly delegate*<nint, float*, nint, float, float*, nint, float*, nint, void>[] _axpys;

    private KernelFamily(
        string name,
        int lanes,
        delegate*<nint, float*, float*, float*, nint, float*, int, int, void>[] tiles,
        delegate*<nint, float*, float*, float*, nint, float*, void>[] blockTiles,
        delegate*<nint, float*, float*, nint, float*, nint, float*, int, float, float*, float*, nint*, void>[] streams,
        delegate*<nint, float*, float*, nint, float*, nint, float, float, float*, float*, float*, float*, void>[] dots,
        delegate*<nint, float*, nint, float, float*, nint, float*, nint, void>[] axpys)
    {
        Name = name;
        Lanes = lanes;
        _tiles = tiles;
        _blockTiles = blockTiles;
        _streams = streams;
        _dots = dots;
        _axpys = axpys;
    }

    /// <summary>Tiles of 14 rows by 32 columns, for 32 registers of 512 bits (AVX-512).</summary>
    public static KernelFamily Vector512 { get; } = new(
        "avx512", 16, Vector512Kernels.Tiles(), Vector512Kernels.BlockTiles(), Vector512Kernels.Streams(),
        Vector512Kernels.Dots(), Vector512Kernels.Axpys());

    /// <summary>Tiles of 6 rows by 16 columns, for 16 registers of 256 bits (AVX2).</summary>
    public static KernelFamily Vector256 { get; } = new(
        "avx2", 8, Vector256Kernels.Tiles(), Vector256Kernels.BlockTiles(), Vector256Kernels.Streams(),
        Vector256Kernels.Dots(), Vector256Kernels.Axpys());

    /// <summary>Tiles of 6 rows by 16 columns, for 32 registers of 128 bits (NEON); right on any machine.</summary>
    public static KernelFamily Portable { get; } = new(
        "portable", 8, Vector128Kernels.Tiles(), Vector128Kernels.BlockTiles(), Vector128Kernels.Streams(),
        Vector128Kernels.Dots(), Vector128Kernels.Axpys());

    /// <summary>The family for this machine.</summary>
    public static KernelFamily Best { get; } = Of(KernelChoice.Auto);

    /// <summary>What it is called, as <c>compute.kernels</c> names it.</summary>
    public string Name { get; }

    /// <summary>Floats in a unit.</summary>
    public int Lanes { get; }

    /// <summary>Columns of a full tile: two units.</summary>
    public int PanelColumns => 2 * Lanes;

    /// <summary>The most rows of a tile.</summary>
    public int MaxRows => _tiles.Length / 2;

    /// <summary>Whether a tile kernel can leave out the last columns of its last register.</summary>
    internal bool HasMasks => Lanes == 16 && Avx512F.IsSupported;

    /// <summary>Whether a register is a whole line of the cache: only such stores past the caches are faster.</summary>
    internal bool StoresLines => Lanes == 16;

    /// <summary>The most rows of a dot kernel.</summary>
    internal int DotRows => _dots.Length / 2;

    /// <summary>The most rows of an axpy kernel.</summary>
    internal int AxpyRows => _axpys.Length / 4;

    /// <summary>The family that was asked for.</summary>
    /// <param name="choice">Which one.</param>
    /// <exception cref="CaffeException">This machine does not have its registers.</exception>
    public static KernelFamily Of(KernelChoice choice) => Of(
        choice, System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated,
        System.Runtime.Intrinsics.Vector256.IsHardwareAccelerated);

    /// <summary>The same, for a machine that has the wide registers or not.</summary>
    internal static KernelFamily Of(KernelChoice choice, bool has512, bool has256)
    {
        return choice switch
        {
            KernelChoice.Avx512 => has512 ? Vector512 : throw Missing("avx512", "AVX-512"),
            KernelChoice.Avx2 => has256 ? Vector256 : throw Missing("avx2", "AVX2"),
            KernelChoice.Portable => Portable,
            _ => has512 ? Vector512 : has256 ? Vector256 : Portable,
        };

        CaffeException Missing(string name, string instructions) => new(
            ErrorCodes.BadSetting, FailureKind.Configuration,
            $"compute.kernels is {name}, but this machine has no {instructions} (or an environment variable of .NET "
            + $"keeps it from programs); take auto{(has256 ? ", avx2" : "")} or portable");
    }

    /// <summary>
    /// The kernel of a tile: (k, a, b, c, ldc, init, accumulate, last) sets or, with accumulate, adds to c
    /// init[i] + the sum over k of a[k, i] * b[k, j]; a and b are packed, last is the number of columns of the last
    /// register, which only matters with <see cref="HasMasks"/>.
    /// </summary>
    /// <param name="rows">1 to <see cref="MaxRows"/>.</param>
    /// <param name="vectors">1 or 2 units of columns.</param>
    internal delegate*<nint, float*, float*, float*, nint, float*, int, int, void> Tile(int rows, int vectors) =>
        _tiles[(2 * rows) + vectors - 3];

    /// <summary>
    /// The kernel of a tile whose left matrix lies in blocks of 16 k, each with all rows: (k, a, b, c, ldc, init) sets
    /// c[i, j] to init[j] + the sum over k of a[(k / 16 * rows + i) * 16 + k % 16] * b[k, j]; b is packed, and as many
    /// columns are stored as the units have.
    /// </summary>
    /// <param name="rows">1 to <see cref="MaxRows"/>.</param>
    /// <param name="vectors">1 or 2 units of columns.</param>
    internal delegate*<nint, float*, float*, float*, nint, float*, void> BlockTile(int rows, int vectors) =>
        _blockTiles[(2 * rows) + vectors - 3];

    /// <summary>
    /// The kernel of a full tile of a product with an end of its own, or whose right matrix comes from memory:
    /// (k, a, b, ldb, c, ldc, init, store, slope, ahead0, ahead1, steps) stores init[j] + the sum over k of
    /// a[k, i] * b[k * ldb + j] as <see cref="TileStore"/> says. At each k it asks for the lines at ahead0 + steps[k]
    /// and ahead1 + steps[k], which may be any addresses.
    /// </summary>
    /// <param name="rows">1 to <see cref="MaxRows"/>.</param>
    internal delegate*<nint, float*, float*, nint, float*, nint, float*, int, float, float*, float*, nint*, void>
        Stream(int rows) => _streams[rows - 1];

    /// <summary>
    /// The kernel of a block of dot products: (k, x, w, ldw, y, ldy, alpha, beta, ahead0 to ahead3) makes
    /// y[i, j] = beta * y[i, j] + alpha * x[i] . w[j] over the multiple of <see cref="Lanes"/> in k. x is packed: that
    /// many numbers of each row after the other. Unless ahead0 is null, four more rows of k numbers are asked for, at
    /// any addresses.
    /// </summary>
    /// <param name="rows">1 to <see cref="DotRows"/>.</param>
    /// <param name="four">Whether of four columns or of one.</param>
    internal delegate*<nint, float*, float*, nint, float*, nint, float, float, float*, float*, float*, float*, void>
        Dot(int rows, bool four) => _dots[(2 * rows) - (four ? 2 : 1)];

    /// <summary>
    /// The kernel of a sum of d rows: (n, a, lda, alpha, b, ldb, c, ldc) adds to row i of c, in the order of q,
    /// alpha * a[i * lda + q] * b[q], for n columns.
    /// </summary>
    /// <param name="rows">1 to <see cref="AxpyRows"/>.</param>
    /// <param name="depthLog2">Binary logarithm of d, 0 to 3.</param>
    internal delegate*<nint, float*, nint, float, float*, nint, float*, nint, void> Axpy(int rows, int depthLog2) =>
        _axpys[(4 * (rows - 1)) + depthLog2];
}
