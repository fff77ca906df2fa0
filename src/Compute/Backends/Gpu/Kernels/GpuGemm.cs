using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// Matrix products C = A * B, any number of one shape at once. Where the operands come from and the product goes to are
/// types of their own (<see cref="IGpuMatrix"/>, <see cref="IGpuTarget"/>), compiled into the kernel: so a convolution
/// is a product of its weights and of pixels that are looked up as they are needed. The kernel is chosen by shape:
/// tiles (<see cref="GemmBody{TA, TB, TC, TTile}"/>), or, for up to four rows, sums of columns
/// (<see cref="ThinDots{TA, TB, TC}"/>, <see cref="ThinColumns{TA, TB, TC}"/>). Long sums that would keep few groups
/// busy are split, and the parts added in a fixed order.
/// </summary>
internal static class GpuGemm
{
    // Groups that keep a large device busy.
    private const int BusyGroups = 256;

    // Terms of the shortest part of a sum, and most numbers of all parts: 64 MiB.
    private const int LeastPart = 256;
    private const long MostPartials = 16L << 20;

    /// <summary>Queues the products.</summary>
    /// <param name="gpu">The accelerator. Takes its scratch buffer 0 where the sum is split.</param>
    /// <param name="batch">Number of products.</param>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C.</param>
    /// <param name="k">Columns of A, rows of B; 0 gives a product of zeros.</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="c">C.</param>
    public static void Run<TA, TB, TC>(GpuDevice gpu, int batch, int m, int n, int k, TA a, TB b, TC c)
        where TA : struct, IGpuMatrix
        where TB : struct, IGpuMatrix
        where TC : struct, IGpuTarget
    {
        if (batch == 0 || m == 0 || n == 0)
            return;
        if (m <= ThinShape.MostRows && k >= 4 * ThinShape.MostRows && b.RowsRun == 0)
        {
            gpu.RunGroups(batch * n, new ThinDots<TA, TB, TC>(a, b, c, new ThinShape(batch, m, n, k, 1)));
            return;
        }

        if (m <= ThinShape.MostRows && k >= 4 * ThinShape.MostRows)
        {
            RunThin(gpu, batch, m, n, k, a, b, c);
            return;
        }

        // A tile's speed by the numbers it computes; what it computes beyond the edges counts too.
        long square = Padded(m, 64) * Padded(n, 64);
        bool isLarge = gpu.HasLargeTiles && Padded(m, 128) * Padded(n, 128) * batch >= BusyGroups / 2 * (128L * 128)
            && Padded(m, 128) * Padded(n, 128) * 3 <= square * 4;
        long wide = Padded(m, 32) * Padded(n, 128), small = Padded(m, 32) * Padded(n, 32) * 3 / 2;
        if (isLarge)
            RunTiles<TA, TB, TC, LargeTile>(gpu, batch, m, n, k, a, b, c);
        else if (square <= wide && square <= small)
            RunTiles<TA, TB, TC, SquareTile>(gpu, batch, m, n, k, a, b, c);
        else if (wide <= small)
            RunTiles<TA, TB, TC, WideTile>(gpu, batch, m, n, k, a, b, c);
        else
            RunTiles<TA, TB, TC, SmallTile>(gpu, batch, m, n, k, a, b, c);
    }

    private static void RunTiles<TA, TB, TC, TTile>(
        GpuDevice gpu, int batch, int m, int n, int k, TA a, TB b, TC c)
        where TA : struct, IGpuMatrix
        where TB : struct, IGpuMatrix
        where TC : struct, IGpuTarget
        where TTile : struct, IGpuTile
    {
        TTile tile = default;
        int factor = 4 * (1 + tile.Doubled);
        int rows = Quotient(m, tile.ThreadRows * factor), columns = Quotient(n, tile.ThreadColumns * factor);
        int tiles = checked(batch * rows * columns), parts = PartsOf(tiles, k, (long)batch * m * n);
        var sizes = new GemmSizes(batch, m, n, k, rows, columns, parts);
        if (parts == 1)
        {
            gpu.RunGroups(tiles, new GemmBody<TA, TB, TC, TTile>(a, b, c, sizes));
            return;
        }

        Values partial = gpu.Scratch.Get(0, parts * batch * m * n);
        gpu.RunGroups(tiles * parts, new GemmBody<TA, TB, PartTarget, TTile>(
            a, b, new PartTarget(m, n, partial), sizes));
        gpu.Run(batch * m * n, new JoinBody<TC>(partial, c, m, n, batch * m * n, parts));
    }

    private static void RunThin<TA, TB, TC>(GpuDevice gpu, int batch, int m, int n, int k, TA a, TB b, TC c)
        where TA : struct, IGpuMatrix
        where TB : struct, IGpuMatrix
        where TC : struct, IGpuTarget
    {
        int groups = checked(batch * Quotient(n, ThinShape.Threads)), parts = PartsOf(groups, k, (long)batch * m * n);
        var shape = new ThinShape(batch, m, n, k, parts);
        if (parts == 1)
        {
            gpu.RunGroups(groups, new ThinColumns<TA, TB, TC>(a, b, c, shape));
            return;
        }

        Values partial = gpu.Scratch.Get(0, parts * batch * m * n);
        gpu.RunGroups(groups * parts, new ThinColumns<TA, TB, PartTarget>(a, b, new PartTarget(m, n, partial), shape));
        gpu.Run(batch * m * n, new JoinBody<TC>(partial, c, m, n, batch * m * n, parts));
    }

    private static int PartsOf(int groups, int k, long numbers)
    {
        long parts = Math.Min(BusyGroups / groups, Math.Min(k / LeastPart, MostPartials / numbers));
        return (int)Math.Max(1, parts);
    }

    private static int Quotient(int count, int size) => (int)(((long)count + size - 1) / size);

    private static long Padded(int count, int size) => (long)Quotient(count, size) * size;

    internal readonly struct PartTarget(int m, int n, Values values) : IGpuTarget
    {
        // The batch here is part * batch + product.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuCursor Column(int batch, int column) => new((batch * m * n) + column);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Put(int row, GpuCursor column, float value) => values.Set(column.X + (row * n), value);
    }

    internal readonly struct JoinBody<TC>(Values partial, TC c, int m, int n, int count, int parts) : IGpuBody
        where TC : struct, IGpuTarget
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i)
        {
            float sum = partial[i];
            for (int part = 1; part < parts; part++)
                sum += partial[(part * count) + i];
            c.Put(i / n % m, c.Column(i / (m * n), i % n), sum);
        }
    }
}
