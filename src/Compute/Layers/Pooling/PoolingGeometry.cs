using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// Where the windows of a two-dimensional pooling lie. Window (ph, pw) begins at row ph * strideH - padH and column
/// pw * strideW - padW of its plane and may hang over the plane's edges.
/// </summary>
internal readonly record struct PoolingGeometry
{
    /// <summary>The geometry of two axes.</summary>
    public static PoolingGeometry Of(PoolingAxis rows, PoolingAxis columns) => new()
    {
        Height = rows.Length,
        Width = columns.Length,
        PooledHeight = rows.Pooled,
        PooledWidth = columns.Pooled,
        KernelH = rows.Kernel,
        KernelW = columns.Kernel,
        StrideH = rows.Stride,
        StrideW = columns.Stride,
        PadH = rows.Pad,
        PadW = columns.Pad,
    };

    /// <summary>Rows of a plane.</summary>
    public required int Height { get; init; }

    /// <summary>Columns of a plane.</summary>
    public required int Width { get; init; }

    /// <summary>Rows of windows.</summary>
    public required int PooledHeight { get; init; }

    /// <summary>Columns of windows.</summary>
    public required int PooledWidth { get; init; }

    /// <summary>Rows of a window.</summary>
    public required int KernelH { get; init; }

    /// <summary>Columns of a window.</summary>
    public required int KernelW { get; init; }

    /// <summary>Rows from one window to the next.</summary>
    public required int StrideH { get; init; }

    /// <summary>Columns from one window to the next.</summary>
    public required int StrideW { get; init; }

    /// <summary>Rows that the first window may begin above the plane.</summary>
    public required int PadH { get; init; }

    /// <summary>Columns that the first window may begin left of the plane.</summary>
    public required int PadW { get; init; }

    /// <summary>Elements of a plane.</summary>
    public int PlaneSize => Height * Width;

    /// <summary>Windows on a plane.</summary>
    public int PooledSize => PooledHeight * PooledWidth;

    /// <summary>Rows from the first window's begin to the last one's end.</summary>
    public long SpanH => ((PooledHeight - 1L) * StrideH) + KernelH;

    /// <summary>Columns from the first window's begin to the last one's end.</summary>
    public long SpanW => ((PooledWidth - 1L) * StrideW) + KernelW;

    /// <summary>Whether every window lies on the plane whole.</summary>
    public bool Inside => PadH == 0 && PadW == 0 && SpanH <= Height && SpanW <= Width;

    /// <summary>Cells that <see cref="MaxWindows"/> may read behind a plane.</summary>
    public int Reach => (int)Math.Min(int.MaxValue / 4, Math.Max(0, SpanW - Width)) + (3 * Lanes.Count) + KernelW;

    /// <summary>Whether the vector kernels take it: columns one or two apart, no window far outside.</summary>
    public bool Regular =>
        StrideW <= 2 && SpanH <= Height + (2L * PadH) + 64 && SpanW <= Width + (2L * PadW) + 64;

    /// <summary>The rows [Start, End) of a window that lie on the plane; none where Start is not below End.</summary>
    public (int Start, int End) RowsOf(int ph)
    {
        long start = ((long)ph * StrideH) - PadH;
        return ((int)Math.Clamp(start, 0, Height), (int)Math.Clamp(start + KernelH, 0, Height));
    }

    /// <summary>The columns of a window that lie on the plane; see <see cref="RowsOf"/>.</summary>
    public (int Start, int End) ColumnsOf(int pw)
    {
        long start = ((long)pw * StrideW) - PadW;
        return ((int)Math.Clamp(start, 0, Width), (int)Math.Clamp(start + KernelW, 0, Width));
    }

    /// <summary>
    /// The rows by which an average divides: padding counts, what lies beyond it does not. 1 for a window wholly
    /// outside, whose sum is 0.
    /// </summary>
    public int DivisorH(int ph) => Divisor(((long)ph * StrideH) - PadH, KernelH, Height + PadH);

    /// <summary>The columns by which an average divides; see <see cref="DivisorH"/>.</summary>
    public int DivisorW(int pw) => Divisor(((long)pw * StrideW) - PadW, KernelW, Width + PadW);

    private static int Divisor(long start, int kernel, int limit) =>
        (int)Math.Max(1, Math.Min(start + kernel, limit) - start);
}
