using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// A matrix that <see cref="GpuGemm"/> reads, wherever its numbers come from. The rules of <see cref="IGpuBody"/>
/// hold. What looking a number up needs to know of its row and of its column is worked out apart, so that a thread
/// that stays in a row or a column does it once.
/// </summary>
internal interface IGpuMatrix
{
    /// <summary>A constant: 1 where the numbers of a row lie one after the other in memory, so that neighbouring
    /// threads had better read along rows; 0 where those of a column do.</summary>
    int RowsRun { get; }

    /// <summary>What is to be known of a row.</summary>
    /// <param name="batch">Which product of the batch.</param>
    /// <param name="row">The row, within the product's bounds.</param>
    GpuCursor Row(int batch, int row);

    /// <summary>What is to be known of a column.</summary>
    /// <param name="batch">Which product of the batch.</param>
    /// <param name="column">The column, within the product's bounds.</param>
    GpuCursor Column(int batch, int column);

    /// <summary>One number.</summary>
    /// <param name="row">What <see cref="Row"/> gave.</param>
    /// <param name="column">What <see cref="Column"/> gave.</param>
    float At(GpuCursor row, GpuCursor column);
}

/// <summary>Where <see cref="GpuGemm"/> puts its product.</summary>
internal interface IGpuTarget
{
    /// <summary>What is to be known of a column.</summary>
    /// <param name="batch">Which product of the batch.</param>
    /// <param name="column">The column.</param>
    GpuCursor Column(int batch, int column);

    /// <summary>Takes one number; each comes once.</summary>
    /// <param name="row">Its row.</param>
    /// <param name="column">What <see cref="Column"/> gave.</param>
    /// <param name="value">The number.</param>
    void Put(int row, GpuCursor column, float value);
}

/// <summary>What is known of a row or a column: up to three whole numbers, whose meaning is their maker's.</summary>
internal readonly struct GpuCursor(int x, int y = 0, int z = 0)
{
    public readonly int X = x, Y = y, Z = z;
}

/// <summary>A matrix in memory, row-major, products one after the other.</summary>
/// <param name="values">The numbers.</param>
/// <param name="offset">Where the first product's begin.</param>
/// <param name="stride">Numbers from row to row.</param>
/// <param name="batchStride">Numbers from product to product.</param>
internal readonly struct RowMatrix(Values values, int offset, int stride, int batchStride = 0) : IGpuMatrix
{
    public int RowsRun => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Row(int batch, int row) => new(offset + (batch * batchStride) + (row * stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column) => new(column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(GpuCursor row, GpuCursor column) => values[row.X + column.X];

    /// <summary>For the host: the first product's matrix where it is one of 32-bit floats, else null.</summary>
    internal PlainMatrix? Plain =>
        values.Floats is { } floats ? new(floats.SubView(offset), stride, false) : null;
}

/// <summary>The transpose of a matrix in memory.</summary>
/// <param name="values">The numbers.</param>
/// <param name="offset">Where the first product's begin.</param>
/// <param name="stride">Numbers from column to column.</param>
/// <param name="batchStride">Numbers from product to product.</param>
internal readonly struct ColumnMatrix(Values values, int offset, int stride, int batchStride = 0) : IGpuMatrix
{
    public int RowsRun => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Row(int batch, int row) => new(row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column) => new(offset + (batch * batchStride) + (column * stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(GpuCursor row, GpuCursor column) => values[row.X + column.X];

    /// <summary>For the host: the first product's matrix where it is one of 32-bit floats, else null.</summary>
    internal PlainMatrix? Plain =>
        values.Floats is { } floats ? new(floats.SubView(offset), stride, true) : null;
}

/// <summary>The transpose of another matrix.</summary>
internal readonly struct Transposed<TMatrix>(TMatrix matrix) : IGpuMatrix
    where TMatrix : struct, IGpuMatrix
{
    public int RowsRun => 1 - matrix.RowsRun;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Row(int batch, int row) => matrix.Column(batch, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column) => matrix.Row(batch, column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(GpuCursor row, GpuCursor column) => matrix.At(column, row);
}

/// <summary>A row-major target, products one after the other.</summary>
/// <param name="values">The numbers.</param>
/// <param name="offset">Where the first product's begin.</param>
/// <param name="stride">Numbers from row to row.</param>
/// <param name="batchStride">Numbers from product to product.</param>
/// <param name="add">Whether the product is added to what is there: 1 or 0.</param>
internal readonly struct RowTarget(Values values, int offset, int stride, int batchStride, int add) : IGpuTarget
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column) => new(offset + (batch * batchStride) + column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int row, GpuCursor column, float value)
    {
        int i = column.X + (row * stride);
        values.Set(i, add != 0 ? values[i] + value : value);
    }

    /// <summary>For the host: whether the product is added to what is there.</summary>
    internal bool Adds => add != 0;

    /// <summary>For the host: the first product's matrix where it is one of 32-bit floats, else null.</summary>
    internal PlainMatrix? Plain =>
        values.Floats is { } floats ? new(floats.SubView(offset), stride, false) : null;
}

/// <summary>A row-major target with a bias for each column: y = product + bias.</summary>
internal readonly struct BiasedRowTarget(Values values, int stride, Values bias) : IGpuTarget
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column) => new(column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int row, GpuCursor column, float value) =>
        values.Set((row * stride) + column.X, value + bias[column.X]);

    /// <summary>Adds the bias to a product that is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddBias(int row, int column) => values.Add((row * stride) + column, bias[column]);

    /// <summary>For the host: the first product's matrix where it is one of 32-bit floats, else null.</summary>
    internal PlainMatrix? Plain =>
        values.Floats is { } floats ? new(floats.SubView(0), stride, false) : null;
}
