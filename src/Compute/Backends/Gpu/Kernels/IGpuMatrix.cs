namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// A matrix that <see cref="GpuGemm"/> reads, wherever its numbers come from. The rules of <see cref="IGpuBody"/>
/// hold. The row and the column are within the product's bounds.
/// </summary>
internal interface IGpuMatrix
{
    /// <summary>One number.</summary>
    /// <param name="batch">Which product of the batch.</param>
    /// <param name="row">Its row.</param>
    /// <param name="column">Its column.</param>
    float At(int batch, int row, int column);
}

/// <summary>Where <see cref="GpuGemm"/> puts its product.</summary>
internal interface IGpuTarget
{
    /// <summary>Takes one number; each comes once.</summary>
    /// <param name="batch">Which product of the batch.</param>
    /// <param name="row">Its row.</param>
    /// <param name="column">Its column.</param>
    /// <param name="value">The number.</param>
    void Put(int batch, int row, int column, float value);
}

/// <summary>A matrix in memory, row-major, products one after the other.</summary>
/// <param name="values">The numbers.</param>
/// <param name="offset">Where the first product's begin.</param>
/// <param name="stride">Numbers from row to row.</param>
/// <param name="batchStride">Numbers from product to product.</param>
internal readonly struct RowMatrix(Values values, int offset, int stride, int batchStride = 0) : IGpuMatrix
{
    public float At(int batch, int row, int column) =>
        values[offset + (batch * batchStride) + (row * stride) + column];
}

/// <summary>The transpose of a matrix in memory.</summary>
/// <param name="values">The numbers.</param>
/// <param name="offset">Where the first product's begin.</param>
/// <param name="stride">Numbers from column to column.</param>
/// <param name="batchStride">Numbers from product to product.</param>
internal readonly struct ColumnMatrix(Values values, int offset, int stride, int batchStride = 0) : IGpuMatrix
{
    public float At(int batch, int row, int column) =>
        values[offset + (batch * batchStride) + (column * stride) + row];
}

/// <summary>A row-major target: y = alpha * product + beta * y, and a bias of each column or row.</summary>
/// <param name="values">The numbers.</param>
/// <param name="offset">Where the first product's begin.</param>
/// <param name="stride">Numbers from row to row.</param>
/// <param name="batchStride">Numbers from product to product.</param>
/// <param name="add">Whether the product is added to what is there.</param>
internal readonly struct RowTarget(Values values, int offset, int stride, int batchStride, int add) : IGpuTarget
{
    public void Put(int batch, int row, int column, float value)
    {
        int i = offset + (batch * batchStride) + (row * stride) + column;
        values.Set(i, add != 0 ? values[i] + value : value);
    }
}

/// <summary>A row-major target with a bias for each column: y = product + bias.</summary>
internal readonly struct BiasedRowTarget(Values values, int stride, Values bias) : IGpuTarget
{
    public void Put(int batch, int row, int column, float value) =>
        values.Set((row * stride) + column, value + bias[column]);
}
