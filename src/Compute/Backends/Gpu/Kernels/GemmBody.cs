using System.Runtime.CompilerServices;
using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>The sizes of a batch of products.</summary>
internal readonly struct GemmSizes(int batch, int m, int n, int k, int rows, int columns, int parts)
{
    /// <summary>Products; rows and columns of each; length of the sums; rows and columns of tiles; parts of a
    /// sum.</summary>
    public readonly int Batch = batch, M = m, N = n, K = k, Rows = rows, Columns = columns, Parts = parts;
}

/// <summary>
/// One tile of a product, or of a part of its sum: the group brings 16 columns of A and 16 rows of B at a time into
/// shared memory, A's transposed, and each thread adds up its blocks of 4 x 4 numbers in registers. What lies beyond the
/// matrices' edges is read from the last row or column and not put anywhere; beyond the sum's end it is 0.
/// </summary>
internal readonly struct GemmBody<TA, TB, TC, TTile>(TA a, TB b, TC c, GemmSizes sizes) : IGpuGroupBody
    where TA : struct, IGpuMatrix
    where TB : struct, IGpuMatrix
    where TC : struct, IGpuTarget
    where TTile : struct, IGpuTile
{
    private const int Depth = 16;

    public static int GroupSize => TTile.GroupSize;

    private static int TileRows => 4 * default(TTile).ThreadRows * (1 + default(TTile).Doubled);

    private static int Threads => default(TTile).ThreadRows * default(TTile).ThreadColumns;

    private static int TileColumns => 4 * default(TTile).ThreadColumns * (1 + default(TTile).Doubled);

    // Four numbers more than needed keep threads that write a column out of each other's memory bank.
    private static int LeftPitch => TileRows + 4;

    private static int RightPitch => TileColumns + 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int group, int thread)
    {
        ArrayView<Quad> left = SharedMemory.Allocate<Quad>(Depth * LeftPitch / 4);
        ArrayView<Quad> right = SharedMemory.Allocate<Quad>(Depth * RightPitch / 4);
        int tileColumn = group % sizes.Columns, rest = group / sizes.Columns;
        int tileRow = rest % sizes.Rows, product = rest / sizes.Rows;
        int batch = product % sizes.Batch, part = product / sizes.Batch;
        int from = (int)((long)sizes.K * part / sizes.Parts), to = (int)((long)sizes.K * (part + 1) / sizes.Parts);
        int rowBase = tileRow * TileRows, columnBase = tileColumn * TileColumns;
        int x = thread % default(TTile).ThreadColumns, y = thread / default(TTile).ThreadColumns;
        GpuCursor row = a.Row(batch, IntrinsicMath.Min(rowBase + (thread % TileRows), sizes.M - 1));
        GpuCursor column = b.Column(batch, IntrinsicMath.Min(columnBase + (thread % TileColumns), sizes.N - 1));
        Block4 c00 = default, c01 = default, c10 = default, c11 = default;
        for (int start = from; start < to; start += Depth)
        {
            BringLeft(row, batch, rowBase, start, to, thread, left.Cast<float>());
            BringRight(column, batch, columnBase, start, to, thread, right.Cast<float>());
            ILGPU.Group.Barrier();
            for (int d = 0; d < Depth; d++)
            {
                int l = (d * (LeftPitch / 4)) + y, r = (d * (RightPitch / 4)) + x;
                Quad a0 = left[l], b0 = right[r];
                c00 = c00.Plus(a0, b0);
                if (default(TTile).Doubled == 0)
                    continue;
                Quad a1 = left[l + default(TTile).ThreadRows], b1 = right[r + default(TTile).ThreadColumns];
                c01 = c01.Plus(a0, b1);
                c10 = c10.Plus(a1, b0);
                c11 = c11.Plus(a1, b1);
            }

            ILGPU.Group.Barrier();
        }

        int target = (part * sizes.Batch) + batch, firstRow = rowBase + (4 * y), firstColumn = columnBase + (4 * x);
        Put(target, firstRow, firstColumn, c00);
        if (default(TTile).Doubled == 0)
            return;
        int secondRow = firstRow + (4 * default(TTile).ThreadRows), secondColumn = firstColumn + (4 * default(TTile).ThreadColumns);
        Put(target, firstRow, secondColumn, c01);
        Put(target, secondRow, firstColumn, c10);
        Put(target, secondRow, secondColumn, c11);
    }

    // Neighbouring threads read neighbouring numbers: along the sum where those lie one after the other, else across
    // it, where each thread stays in its row of A or column of B. (One method for both, with B transposed, brings an
    // internal error of ILGPU's compiler, depending on the kernels compiled before.)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void BringLeft(
        GpuCursor own, int batch, int first, int start, int to, int thread, ArrayView<float> shared)
    {
        if (a.RowsRun != 0)
        {
            int k = thread % Depth;
            GpuCursor along = a.Column(batch, IntrinsicMath.Min(start + k, to - 1));
            for (int i = thread / Depth; i < TileRows; i += Threads / Depth)
            {
                float value = a.At(a.Row(batch, IntrinsicMath.Min(first + i, sizes.M - 1)), along);
                shared[(k * LeftPitch) + i] = start + k < to ? value : 0;
            }
        }
        else
        {
            for (int k = thread / TileRows; k < Depth; k += Threads / TileRows)
            {
                float value = a.At(own, a.Column(batch, IntrinsicMath.Min(start + k, to - 1)));
                shared[(k * LeftPitch) + (thread % TileRows)] = start + k < to ? value : 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void BringRight(
        GpuCursor own, int batch, int first, int start, int to, int thread, ArrayView<float> shared)
    {
        if (b.RowsRun == 0)
        {
            int k = thread % Depth;
            GpuCursor along = b.Row(batch, IntrinsicMath.Min(start + k, to - 1));
            for (int i = thread / Depth; i < TileColumns; i += Threads / Depth)
            {
                float value = b.At(along, b.Column(batch, IntrinsicMath.Min(first + i, sizes.N - 1)));
                shared[(k * RightPitch) + i] = start + k < to ? value : 0;
            }
        }
        else
        {
            for (int k = thread / TileColumns; k < Depth; k += Threads / TileColumns)
            {
                float value = b.At(b.Row(batch, IntrinsicMath.Min(start + k, to - 1)), own);
                shared[(k * RightPitch) + (thread % TileColumns)] = start + k < to ? value : 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Put(int batch, int row, int column, Block4 block)
    {
        PutColumn(batch, row, column, block.R0.X, block.R1.X, block.R2.X, block.R3.X);
        PutColumn(batch, row, column + 1, block.R0.Y, block.R1.Y, block.R2.Y, block.R3.Y);
        PutColumn(batch, row, column + 2, block.R0.Z, block.R1.Z, block.R2.Z, block.R3.Z);
        PutColumn(batch, row, column + 3, block.R0.W, block.R1.W, block.R2.W, block.R3.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PutColumn(int batch, int row, int column, float v0, float v1, float v2, float v3)
    {
        if (column >= sizes.N || row >= sizes.M)
            return;
        GpuCursor place = c.Column(batch, column);
        c.Put(row, place, v0);
        if (row + 1 < sizes.M)
            c.Put(row + 1, place, v1);
        if (row + 2 < sizes.M)
            c.Put(row + 2, place, v2);
        if (row + 3 < sizes.M)
            c.Put(row + 3, place, v3);
    }
}
