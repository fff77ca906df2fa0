using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>
/// Products of a few rows with a large matrix, and updates of low rank: what a fully connected layer does with a
/// small batch. Packing would cost more than the product, so the large matrix is read, or written, once as it lies.
/// </summary>
internal static unsafe class SmallBatch
{
    /// <summary>The most rows, or the highest rank, that count as few.</summary>
    public const int MaxRows = 16;

    // Of the product of rows and columns of B: below it packing is cheap enough.
    private const long LeastPanel = 200_000;

    internal static int DotMax = 24, AxpyMax = 6;
    private const int ColumnsOfTask = 32;
    private const int DepthOfBlock = 2048;
    private const int L1Floats = 6 * 1024;

    /// <summary>Computes the product if it is of one of the kinds this class is for.</summary>
    public static bool TryRun(
        CpuDevice device, bool transA, bool transB, int m, int n, int k,
        float alpha, float* a, int lda, float* b, int ldb, float beta, float* c, int ldc)
    {
        if (m <= DotMax && !transA && transB)
        {
            var body = new DotBody(device.Kernels, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
            Run(device, body, (n + ColumnsOfTask - 1) / ColumnsOfTask, Gemm.ThreadsFor(device, m, n, k));
            return true;
        }

        if (m <= AxpyMax && !transA && !transB && (long)n * k > LeastPanel)
        {
            int width = Math.Clamp(L1Floats / m / 16 * 16, 64, 2048);
            // A few tasks for each thread, if there are columns enough.
            int fair = (((n + (2 * device.Threads) - 1) / (2 * device.Threads)) + 15) / 16 * 16;
            width = Math.Min(width, fair);
            var body = new AxpyBody(device.Kernels, m, n, k, alpha, a, lda, 1, b, ldb, beta, c, ldc, width);
            Run(device, body, (n + width - 1) / width, device.Threads);
            return true;
        }

        return false;
    }

    private static void Run<TBody>(CpuDevice device, TBody body, int tasks, int threads)
        where TBody : struct, IParallelBody
    {
        if (threads > 1)
        {
            device.Pool.Run(body, tasks);
            return;
        }

        for (int task = 0; task < tasks; task++)
            body.Invoke(task, 0);
    }

    /// <summary>C += alpha * A * B over some rows and columns, without packing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update(
        KernelFamily family, int rows, int columns, int k, float alpha,
        float* a, nint rowStep, nint depthStep, float* b, nint ldb, float* c, nint ldc)
    {
        int step = family.AxpyRows;
        for (int q = 0; q < k;)
        {
            int log2 = Math.Min(3, (int)uint.Log2((uint)(k - q)));
            for (int i = 0; i < rows; i += step)
            {
                family.Axpy(Math.Min(step, rows - i), log2)(
                    columns, a + (i * rowStep) + (q * depthStep), rowStep, depthStep, alpha, b + (q * ldb), ldb,
                    c + (i * ldc), ldc);
            }

            q += 1 << log2;
        }
    }

    // C = X * W^T: blocks of dot products along the rows of both.
    private readonly struct DotBody(
        KernelFamily family, int m, int n, int k,
        float alpha, float* x, nint ldx, float* w, nint ldw, float beta, float* y, nint ldy) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            int end = Math.Min(n, (task + 1) * ColumnsOfTask), whole = k / family.Lanes * family.Lanes;
            for (int j = task * ColumnsOfTask; j < end;)
            {
                bool four = j + 4 <= end;
                // Long rows in blocks, so that those of W stay in cache until each row of X has met them.
                for (int p = 0; p == 0 || p < whole; p += DepthOfBlock)
                {
                    int depth = Math.Min(DepthOfBlock, whole - p);
                    for (int i = 0; i < m;)
                    {
                        int rows = Math.Min(family.DotRows, m - i);
                        family.Dot(rows, four)(
                            depth, x + (i * ldx) + p, ldx, w + (j * ldw) + p, ldw, y + (i * ldy) + j, ldy, alpha,
                            p == 0 ? beta : 1);
                        i += rows;
                    }
                }

                int columns = four ? 4 : 1;
                if (whole < k)
                    AddRest(j, columns, whole);
                j += columns;
            }
        }

        private void AddRest(int j0, int columns, int from)
        {
            for (int i = 0; i < m; i++)
            {
                for (int j = j0; j < j0 + columns; j++)
                {
                    float sum = 0;
                    for (int p = from; p < k; p++)
                        sum = float.MultiplyAddEstimate(x[(i * ldx) + p], w[(j * ldw) + p], sum);
                    y[(i * ldy) + j] += alpha * sum;
                }
            }
        }
    }

    // Few rows of C: a band of its columns stays in the first cache while all of B goes by.
    private readonly struct AxpyBody(
        KernelFamily family, int m, int n, int k, float alpha, float* a, nint rowStep, nint depthStep,
        float* b, nint ldb, float beta, float* c, nint ldc, int width) : IParallelBody
    {
        public void Invoke(int task, int worker)
        {
            int j0 = task * width, columns = Math.Min(width, n - j0);
            Gemm.Scale(c + j0, ldc, m, columns, beta);
            Update(family, m, columns, k, alpha, a, rowStep, depthStep, b + j0, ldb, c + j0, ldc);
        }
    }
}
