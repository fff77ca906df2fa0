using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>
/// Products of a few rows with a large matrix: what a fully connected layer does with a small batch. Packing would cost
/// more than the product, so the large matrix is read once as it lies.
/// </summary>
internal static unsafe class SmallBatch
{
    // The most rows with which this is faster than packed tiles: by dot products, and by sums of rows.
    private const int MaxDotRows = 36;
    private const int MaxAxpyRows = 4;

    // Numbers in B below which packing it is cheap enough.
    private const long LeastNumbers = 200_000;

    private const int BandFloats = 6 * 1024;

    /// <summary>Computes the product if it is of one of the kinds this class is for.</summary>
    public static bool TryRun(
        CpuDevice device, bool transA, bool transB, int m, int n, int k,
        float alpha, float* a, int lda, float* b, int ldb, float beta, float* c, int ldc, ProductEpilogue epilogue)
    {
        if (m <= MaxDotRows && !transA && transB)
        {
            int threads = Gemm.ThreadsFor(device, m, n, k);
            var columns = new EvenSplit(n, DotBody.Parts(n, threads));
            var body = new DotBody(device, m, k, alpha, a, lda, b, ldb, beta, c, ldc, epilogue, columns);
            Run(device, body, columns.Parts, threads);
            return true;
        }

        if (m <= MaxAxpyRows && !transA && !transB && (long)n * k > LeastNumbers)
        {
            int width = Math.Clamp(BandFloats / m / 16 * 16, 64, 2048);
            // A few tasks for each thread, if there are columns enough.
            int fair = (((n + (2 * device.Threads) - 1) / (2 * device.Threads)) + 15) / 16 * 16;
            width = Math.Min(width, fair);
            var body = new AxpyBody(device.Kernels, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, epilogue, width);
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
        CpuDevice device, int m, int k,
        float alpha, float* x, nint ldx, float* w, nint ldw, float beta, float* y, nint ldy,
        ProductEpilogue epilogue, EvenSplit columns) : IParallelBody
    {
        // A block of X stays in one of the caches while all rows of W go by.
        private const int L1Floats = 8 * 1024;
        private const int L2Floats = 128 * 1024;
        private const int LeastDepth = 256;

        // Columns below which a task would pack X for too little.
        private const int LeastColumns = 128;
        private const int TasksOfThread = 6;

        public static int Parts(int n, int threads) =>
            Math.Clamp(n / LeastColumns, Math.Min(threads, (n + 3) / 4), threads * TasksOfThread);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int task, int worker)
        {
            KernelFamily family = device.Kernels;
            int from = columns.Start(task), to = columns.Start(task + 1);
            int whole = k / family.Lanes * family.Lanes;
            var panels = new EvenSplit(m, (m + family.DotRows - 1) / family.DotRows);
            // A panel or two of X wait for memory: they meet whole rows of W, which come by themselves if read in
            // order.
            bool inOrder = panels.Parts <= 2;
            int most = Math.Max((inOrder ? L2Floats : L1Floats) / m / 16 * 16, LeastDepth);
            var blocks = new EvenSplit(whole / family.Lanes, Math.Max(1, (whole + most - 1) / most));
            float* packed = device.Workspace.OfWorker(
                worker, WorkspaceSlots.Left, (long)blocks.Most * family.Lanes * m);
            for (int block = 0; block < blocks.Parts; block++)
            {
                int p = blocks.Start(block) * family.Lanes, depth = blocks.Count(block) * family.Lanes;
                for (int r = 0; r < panels.Parts; r++)
                    Pack(x + (panels.Start(r) * ldx) + p, panels.Count(r), depth, packed + (panels.Start(r) * depth));
                float factor = block == 0 ? beta : 1;
                for (int j = from; j < to;)
                {
                    bool four = j + 4 <= to;
                    int step = four ? 4 : 1;
                    float* rows = w + (j * ldw) + p;
                    float* next = j + step < to ? rows + (step * ldw) : w + (from * ldw) + p + depth;
                    // Each panel of X asks for its share of the next four rows of W.
                    for (int r = 0; r < panels.Parts; r++)
                    {
                        int first = panels.Start(r);
                        float* ahead = next + (r * ldw);
                        family.Dot(panels.Count(r), four)(
                            depth, packed + (first * depth), rows, ldw, y + (first * ldy) + j, ldy, alpha, factor,
                            inOrder || r >= 4 ? null : ahead,
                            r + panels.Parts < 4 ? ahead + (panels.Parts * ldw) : rows,
                            r + (2 * panels.Parts) < 4 ? ahead + (2 * panels.Parts * ldw) : rows,
                            r + (3 * panels.Parts) < 4 ? ahead + (3 * panels.Parts * ldw) : rows);
                    }

                    j += step;
                }
            }

            if (whole < k)
                AddRest(from, to, whole);
            epilogue.Apply(y + from, ldy, m, from, to - from);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Pack(float* from, int rows, int depth, float* to)
        {
            int lanes = device.Kernels.Lanes;
            for (int i = 0; i < rows; i++, from += ldx, to += lanes)
            {
                float* target = to;
                for (int p = 0; p < depth; p += lanes, target += rows * lanes)
                {
                    if (lanes == 16)
                        Vector512.Load(from + p).Store(target);
                    else
                        Vector256.Load(from + p).Store(target);
                }
            }
        }

        private void AddRest(int from, int to, int whole)
        {
            for (int i = 0; i < m; i++)
            {
                for (int j = from; j < to; j++)
                {
                    float sum = 0;
                    for (int p = whole; p < k; p++)
                        sum = float.MultiplyAddEstimate(x[(i * ldx) + p], w[(j * ldw) + p], sum);
                    y[(i * ldy) + j] += alpha * sum;
                }
            }
        }
    }

    // C += A * B: a band of the columns of C stays in the first cache while all of B goes by.
    private readonly struct AxpyBody(
        KernelFamily family, int m, int n, int k,
        float alpha, float* a, nint lda, float* b, nint ldb, float beta, float* c, nint ldc,
        ProductEpilogue epilogue, int width) : IParallelBody
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

            epilogue.Apply(c + j, ldc, m, j, columns);
        }
    }
}
