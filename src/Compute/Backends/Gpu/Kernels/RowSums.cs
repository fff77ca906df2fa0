using System.Runtime.CompilerServices;
using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// Many sums at once, each of terms that a kernel computes: y[row] = scale * sum over k of term(row, k), or added to
/// what is there. Terms are added in an order that depends on their number alone, in tree form, so that the result is
/// the same on each run and its rounding error small.
/// </summary>
internal static class RowSums
{
    private const int Threads = 128;

    // A group's part of a long row.
    private const int Chunk = 64 * Threads;

    /// <summary>Queues the sums.</summary>
    /// <param name="gpu">The accelerator. Takes its scratch buffer 0 where rows are long.</param>
    /// <param name="rows">Number of sums.</param>
    /// <param name="length">Terms of each.</param>
    /// <param name="term">The terms.</param>
    /// <param name="y">Receives the sums.</param>
    /// <param name="scale">Multiplies each sum. Default 1.</param>
    /// <param name="add">Whether sums are added to y. Default false.</param>
    public static void Run<TTerm>(
        GpuDevice gpu, int rows, int length, TTerm term, Values y, float scale = 1, bool add = false)
        where TTerm : struct, IGpuTerm
    {
        int chunks = Math.Max(1, (int)(((long)length + Chunk - 1) / Chunk));
        if (chunks == 1)
        {
            RunRows(gpu, rows, length, 1, term, y, scale, add);
            return;
        }

        Values partial = gpu.Scratch.Get(0, rows * chunks);
        RunRows(gpu, rows * chunks, length, chunks, term, partial, 1, false);
        RunRows(gpu, rows, chunks, 1, new Partial(partial, chunks), y, scale, add);
    }

    // A thread adds some eight terms at least, so that a group does many short rows at once.
    private static void RunRows<TTerm>(
        GpuDevice gpu, int rows, int length, int chunks, TTerm term, Values y, float scale, bool add)
        where TTerm : struct, IGpuTerm
    {
        int lanes = 1;
        while (lanes < Threads && lanes * 8 < length / chunks)
            lanes *= 2;
        int rowsOfGroup = Threads / lanes;
        gpu.RunGroups((int)(((long)rows + rowsOfGroup - 1) / rowsOfGroup),
            new Body<TTerm>(term, y, rows, length, chunks, lanes, scale, add ? 1 : 0));
    }

    internal readonly struct Partial(Values values, int chunks) : IGpuTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float At(int row, int k) => values[(row * chunks) + k];
    }

    // Row r here is chunk r % chunks of the caller's row r / chunks.
    internal readonly struct Body<TTerm>(
        TTerm term, Values y, int rows, int length, int chunks, int lanes, float scale, int add) : IGpuGroupBody
        where TTerm : struct, IGpuTerm
    {
        public static int GroupSize => Threads;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int group, int thread)
        {
            ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
            int row = (group * (Threads / lanes)) + (thread / lanes), lane = thread % lanes;
            float sum = 0;
            if (row < rows)
            {
                int chunk = row % chunks;
                int from = (int)((long)length * chunk / chunks), to = (int)((long)length * (chunk + 1) / chunks);
                for (int k = from + lane; k < to; k += lanes)
                    sum += term.At(row / chunks, k);
            }

            shared[thread] = sum;
            ILGPU.Group.Barrier();
            for (int half = lanes / 2; half > 0; half /= 2)
            {
                if (lane < half)
                    shared[thread] += shared[thread + half];
                ILGPU.Group.Barrier();
            }

            if (lane != 0 || row >= rows)
                return;
            float result = scale * shared[thread];
            y.Set(row, add != 0 ? y[row] + result : result);
        }
    }
}
