using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>
/// Products of a few rows with a large matrix: what a fully connected layer does with a small batch. Packing would cost
/// more than the product, so the large matrix is read once as it lies.
/// </summary>
internal static unsafe class SmallBatch
{
    // The most rows with which this is faster than packed tiles: by dot products, and by sums of rows.
    private const int MaxDotRows = 24;
    private const int MaxAxpyRows = 6;

    // Numbers in B below which packing it is cheap enough.
    private const long LeastNumbers = 200_000;

    private const int ColumnsOfTask = 32;
    private const int DepthOfBlock = 2048;
    private const int L1Floats = 6 * 1024;

    /// <summary>Computes the product if it is of one of the kinds this class is for.</summary>
    public static bool TryRun(
        CpuDevice device, bool transA, bool transB, int m, int n, int k,
        float alpha, float* a, int lda, float* b, int ldb, float beta, float* c, int ldc)
    {
        if (m <= MaxDotRows && !transA && transB)
        {
            var body = new DotBody(device.Kernels, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
            Run(device, body, (n + ColumnsOfTask - 1) / ColumnsOfTask, Gemm.ThreadsFor(device, m, n, k));
            return true;
        }

        if (m <= MaxAxpyRows && !transA && !transB && (long)n * k > LeastNumbers)
        {
            int width = Math.Clamp(L1Floats / m / 16 * 16, 64, 2048);
            // A few tasks for each thread, if there are columns enough.
            int fair = (((n + (2 * device.Threads) - 1) / (2 * device.Threads)) + 15) / 16 * 16;
            width = Math.Min(width, fair);
            var body = new AxpyBody(device.Kernels, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, width);
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

    // C += A * B: a band of the columns of C stays in the first cache while all of B goes by.
    private readonly struct AxpyBody(
        KernelFamily family, int m, int n, int k,
        float alpha, float* a, nint lda, float* b, nint ldb, float beta, float* c, nint ldc, int width) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            int j = task * width, columns = Math.Min(width, n - j), step = family.AxpyRows;
            Gemm.Scale(c + j, ldc, m, columns, beta);
            for (int q = 0; q < k;)
            {
                int log2 = Math.Min(3, (int)uint.Log2((uint)(k - q)));
                for (int i = 0; i < m; i += step)
                {
                    family.Axpy(Math.Min(step, m - i), log2)(
                        columns, a + (i * lda) + q, lda, alpha, b + (q * ldb) + j, ldb, c + (i * ldc) + j, ldc);
                }

                q += 1 << log2;
            }
        }
    }
}
