using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// Matrix products C = A * B, any number of one shape at once. A group computes a tile of 64 x 64 numbers: its threads
/// bring 64 x 16 of A and 16 x 64 of B into shared memory, and each adds up 4 x 4 products in registers. Where the
/// operands come from and the product goes to are types of their own (<see cref="IGpuMatrix"/>,
/// <see cref="IGpuTarget"/>), compiled into the kernel: so a convolution is a product of its weights and of pixels
/// that are looked up as they are needed. Products with few tiles and a long sum are split along it, and the parts
/// added in a fixed order.
/// </summary>
internal static class GpuGemm
{
    private const int Tile = 64;
    private const int Depth = 16;
    private const int Side = 16;

    /// <summary>Queues the products.</summary>
    /// <param name="gpu">The accelerator. Takes its scratch buffer 0 where the sum is split.</param>
    /// <param name="batch">Number of products.</param>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C.</param>
    /// <param name="k">Columns of A, rows of B.</param>
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
        int rows = (m + Tile - 1) / Tile, columns = (n + Tile - 1) / Tile;
        int tiles = batch * rows * columns;
        int parts = PartsOf(tiles, k, (long)batch * m * n);
        if (parts == 1)
        {
            gpu.RunGroups(tiles, new Body<TA, TB, TC>(a, b, c, new Sizes(batch, m, n, k, rows, columns, 1)));
            return;
        }

        Values partial = gpu.Scratch.Get(0, parts * batch * m * n);
        gpu.RunGroups(tiles * parts, new Body<TA, TB, PartTarget>(
            a, b, new PartTarget(partial, m, n), new Sizes(batch, m, n, k, rows, columns, parts)));
        gpu.Run(batch * m * n, new JoinBody<TC>(partial, c, m, n, batch * m * n, parts));
    }

    // Some 64 groups keep a large device busy; a part is at least 256 terms long, and all parts fit into 64 MiB.
    private static int PartsOf(int tiles, int k, long numbers)
    {
        long parts = Math.Min(64 / Math.Max(1, tiles), Math.Min(k / 256, (16L << 20) / Math.Max(1, numbers)));
        return (int)Math.Max(1, parts);
    }

    internal readonly struct Sizes(int batch, int m, int n, int k, int rows, int columns, int parts)
    {
        public readonly int Batch = batch, M = m, N = n, K = k, Rows = rows, Columns = columns, Parts = parts;
    }

    internal readonly struct PartTarget(Values values, int m, int n) : IGpuTarget
    {
        // The batch here is part * batch + product.
        public void Put(int batch, int row, int column, float value) =>
            values.Set((((batch * m) + row) * n) + column, value);
    }

    internal readonly struct JoinBody<TC>(Values partial, TC c, int m, int n, int count, int parts) : IGpuBody
        where TC : struct, IGpuTarget
    {
        public void Invoke(int i)
        {
            float sum = partial[i];
            for (int part = 1; part < parts; part++)
                sum += partial[(part * count) + i];
            c.Put(i / (m * n), i / n % m, i % n, sum);
        }
    }

    internal readonly struct Body<TA, TB, TC>(TA a, TB b, TC c, Sizes sizes) : IGpuGroupBody
        where TA : struct, IGpuMatrix
        where TB : struct, IGpuMatrix
        where TC : struct, IGpuTarget
    {
        public static int GroupSize => Side * Side;

        public void Invoke(int group, int thread)
        {
            // A row of padding keeps threads that read a column out of each other's memory bank.
            ArrayView<float> left = SharedMemory.Allocate<float>(Depth * (Tile + 1));
            ArrayView<float> right = SharedMemory.Allocate<float>(Depth * (Tile + 1));
            int tileColumn = group % sizes.Columns, rest = group / sizes.Columns;
            int tileRow = rest % sizes.Rows, product = rest / sizes.Rows;
            int batch = product % sizes.Batch, part = product / sizes.Batch;
            int from = (int)((long)sizes.K * part / sizes.Parts), to = (int)((long)sizes.K * (part + 1) / sizes.Parts);
            int rowBase = tileRow * Tile, columnBase = tileColumn * Tile;
            int x = thread % Side, y = thread / Side;
            float c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0;
            float c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0;
            for (int start = from; start < to; start += Depth)
            {
                // Neighbouring threads read neighbouring columns.
                for (int e = thread; e < Tile * Depth; e += Side * Side)
                {
                    int row = rowBase + (e / Depth), column = start + (e % Depth);
                    left[((e % Depth) * (Tile + 1)) + (e / Depth)] =
                        row < sizes.M && column < to ? a.At(batch, row, column) : 0;
                    row = start + (e / Tile);
                    column = columnBase + (e % Tile);
                    right[((e / Tile) * (Tile + 1)) + (e % Tile)] =
                        row < to && column < sizes.N ? b.At(batch, row, column) : 0;
                }

                ILGPU.Group.Barrier();
                for (int d = 0; d < Depth; d++)
                {
                    int l = (d * (Tile + 1)) + y, r = (d * (Tile + 1)) + x;
                    float a0 = left[l], a1 = left[l + Side], a2 = left[l + (2 * Side)], a3 = left[l + (3 * Side)];
                    float b0 = right[r], b1 = right[r + Side], b2 = right[r + (2 * Side)], b3 = right[r + (3 * Side)];
                    c00 += a0 * b0;
                    c01 += a0 * b1;
                    c02 += a0 * b2;
                    c03 += a0 * b3;
                    c10 += a1 * b0;
                    c11 += a1 * b1;
                    c12 += a1 * b2;
                    c13 += a1 * b3;
                    c20 += a2 * b0;
                    c21 += a2 * b1;
                    c22 += a2 * b2;
                    c23 += a2 * b3;
                    c30 += a3 * b0;
                    c31 += a3 * b1;
                    c32 += a3 * b2;
                    c33 += a3 * b3;
                }

                ILGPU.Group.Barrier();
            }

            int target = (part * sizes.Batch) + batch;
            PutRow(target, rowBase + y, columnBase + x, c00, c01, c02, c03);
            PutRow(target, rowBase + y + Side, columnBase + x, c10, c11, c12, c13);
            PutRow(target, rowBase + y + (2 * Side), columnBase + x, c20, c21, c22, c23);
            PutRow(target, rowBase + y + (3 * Side), columnBase + x, c30, c31, c32, c33);
        }

        private void PutRow(int batch, int row, int column, float v0, float v1, float v2, float v3)
        {
            if (row >= sizes.M)
                return;
            if (column < sizes.N)
                c.Put(batch, row, column, v0);
            if (column + Side < sizes.N)
                c.Put(batch, row, column + Side, v1);
            if (column + (2 * Side) < sizes.N)
                c.Put(batch, row, column + (2 * Side), v2);
            if (column + (3 * Side) < sizes.N)
                c.Put(batch, row, column + (3 * Side), v3);
        }
    }
}
