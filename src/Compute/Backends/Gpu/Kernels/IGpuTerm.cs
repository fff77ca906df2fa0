namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>What <see cref="RowSums"/> adds up. The rules of <see cref="IGpuBody"/> hold.</summary>
internal interface IGpuTerm
{
    /// <summary>One term.</summary>
    /// <param name="row">Which sum it belongs to.</param>
    /// <param name="k">Which term of it.</param>
    float At(int row, int k);
}

/// <summary>The columns of a row-major matrix: term (column, row) is values[row * stride + column].</summary>
internal readonly struct ColumnTerm(Values values, int stride) : IGpuTerm
{
    public float At(int row, int k) => values[(k * stride) + row];
}
