using CaffeActors.Compute.Backends.Cpu.Blas;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>
/// The product of row-major matrices: C = f(alpha * op(A) * op(B) + beta * C + bias). Each thread computes parts of C
/// by itself, with packed copies of its own: nothing is shared and nobody waits. An element of C is summed in an order
/// that depends on the shapes alone, so the result has the same bits whatever the number of threads. Nothing is
/// allocated once the workspace has grown.
/// </summary>
public static unsafe class Gemm
{
    // Below so many operations a second thread costs more than it brings.
    private const double LeastFlopsOfThreads = 4e5;

    private const int LeastLengthOfTask = 512;
    private const int MostTasksOfThread = 4;

    /// <summary>Computes the product. C must not overlap A or B.</summary>
    /// <param name="device">Whose threads and scratch memory to use.</param>
    /// <param name="transA">Whether A is stored k by m instead of m by k.</param>
    /// <param name="transB">Whether B is stored n by k instead of k by n.</param>
    /// <param name="m">Rows of C, at least 0.</param>
    /// <param name="n">Columns of C, at least 0.</param>
    /// <param name="k">Length of the sums, at least 0.</param>
    /// <param name="alpha">Factor of the product; with 0, A and B are not read.</param>
    /// <param name="a">A.</param>
    /// <param name="lda">Floats from a stored row of A to the next.</param>
    /// <param name="b">B.</param>
    /// <param name="ldb">Floats from a stored row of B to the next.</param>
    /// <param name="beta">Factor of what stands in C; with 0, C is not read, so it may hold anything.</param>
    /// <param name="c">C.</param>
    /// <param name="ldc">Floats from a row of C to the next.</param>
    /// <param name="bias">One number for each column of C, added to all its rows; null, the default, adds none.</param>
    /// <param name="negativeSlope">
    /// Factor s of f(x) = max(x, 0) + s * min(x, 0), a ReLU (0) or a leaky one; null, the default, leaves x as it is.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative or a row is longer than its step.</exception>
    public static void Run(
        CpuDevice device, bool transA, bool transB, int m, int n, int k,
        float alpha, float* a, int lda, float* b, int ldb, float beta, float* c, int ldc,
        float* bias = null, float? negativeSlope = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        if (m == 0 || n == 0)
            return;
        ArgumentOutOfRangeException.ThrowIfLessThan(lda, transA ? m : k);
        ArgumentOutOfRangeException.ThrowIfLessThan(ldb, transB ? k : n);
        ArgumentOutOfRangeException.ThrowIfLessThan(ldc, n);
        var epilogue = new ProductEpilogue(bias, negativeSlope);
        if (k == 0 || alpha == 0)
        {
            Scale(c, ldc, m, n, beta);
            epilogue.Apply(c, ldc, m, 0, n);
            return;
        }

        if (SmallBatch.TryRun(device, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, epilogue))
            return;
        if (device.Blas is { } library)
        {
            BlasProduct.Run(
                device, library, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, epilogue);
            return;
        }

        var body = new ProductBody
        {
            Device = device,
            A = a,
            ARowStep = transA ? 1 : lda,
            ADepthStep = transA ? lda : 1,
            B = b,
            BDepthStep = transB ? 1 : ldb,
            BColumnStep = transB ? ldb : 1,
            C = c,
            Ldc = ldc,
            M = m,
            N = n,
            K = k,
            Alpha = alpha,
            Beta = beta,
            Epilogue = epilogue,
        };
        (body.RowParts, body.ColumnParts) = Grid(device, m, n, k);
        device.Pool.Run(body, body.RowParts * body.ColumnParts);
    }

    /// <summary>Multiplies a matrix by a number; by 0 it sets it, whatever stood there.</summary>
    internal static void Scale(float* c, nint ldc, int m, int n, float beta)
    {
        if (beta == 1)
            return;
        for (int i = 0; i < m; i++)
        {
            var row = new Span<float>(c + (i * ldc), n);
            if (beta == 0)
            {
                row.Clear();
                continue;
            }

            for (int j = 0; j < row.Length; j++)
                row[j] *= beta;
        }
    }

    /// <summary>Threads worth using for so many operations.</summary>
    internal static int ThreadsFor(CpuDevice device, int m, int n, int k) =>
        2.0 * m * n * k < LeastFlopsOfThreads ? 1 : device.Threads;

    // The cut of C into parts that lets the slowest one finish first: by its tiles, and by what it packs for itself.
    private static (int RowParts, int ColumnParts) Grid(CpuDevice device, int m, int n, int k)
    {
        int threads = ThreadsFor(device, m, n, k);
        int columnPanels = (n + device.Kernels.PanelColumns - 1) / device.Kernels.PanelColumns;
        (int Rows, int Columns) best = (1, 1);
        double least = double.MaxValue;
        for (int rowParts = 1; rowParts <= Math.Min(threads, m); rowParts++)
        {
            int columnParts = Math.Min(threads / rowParts, columnPanels);
            double rows = Math.Ceiling((double)m / rowParts);
            double columns = Math.Ceiling((double)columnPanels / columnParts) * device.Kernels.PanelColumns;
            int panels = EvenSplit.RowPanels(device.Kernels, (int)rows).Parts;
            // In cycles for each k: two fused multiply-adds at a time; packing at some four floats.
            double cost = (Math.Max(rows, 8 * panels) * columns / (2 * device.Kernels.Lanes)) + ((rows + columns) / 4);
            if (cost < least)
                (least, best) = (cost, (rowParts, columnParts));
        }

        if (best.Columns > 1 || best.Rows == 1)
            best.Columns *= Refinement(threads, columnPanels * device.Kernels.PanelColumns / best.Columns);
        else
            best.Rows *= Refinement(threads, m / best.Rows);
        return best;
    }

    // Several tasks for each thread, if they are long enough to pack for themselves: a thread that the system stops for
    // a while, or one that gets less of the memory, then holds up nobody.
    private static int Refinement(int threads, int length) =>
        threads == 1 ? 1 : Math.Clamp(length / LeastLengthOfTask, 1, MostTasksOfThread);
}
