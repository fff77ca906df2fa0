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
            gpu.RunGroups(rows, new Body<TTerm>(term, y, length, 1, scale, add ? 1 : 0));
            return;
        }

        Values partial = gpu.Scratch.Get(0, rows * chunks);
        gpu.RunGroups(rows * chunks, new Body<TTerm>(term, partial, length, chunks, 1, 0));
        gpu.RunGroups(rows, new Body<Partial>(new Partial(partial, chunks), y, chunks, 1, scale, add ? 1 : 0));
    }

    internal readonly struct Partial(Values values, int chunks) : IGpuTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float At(int row, int k) => values[(row * chunks) + k];
    }

    // Group g does chunk g % chunks of row g / chunks.
    internal readonly struct Body<TTerm>(TTerm term, Values y, int length, int chunks, float scale, int add)
        : IGpuGroupBody
        where TTerm : struct, IGpuTerm
    {
        public static int GroupSize => Threads;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int group, int thread)
        {
            ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
            int row = group / chunks, chunk = group % chunks;
            int from = (int)((long)length * chunk / chunks), to = (int)((long)length * (chunk + 1) / chunks);
            float sum = 0;
            for (int k = from + thread; k < to; k += Threads)
                sum += term.At(row, k);
            shared[thread] = sum;
            ILGPU.Group.Barrier();
            for (int half = Threads / 2; half > 0; half /= 2)
            {
                if (thread < half)
                    shared[thread] += shared[thread + half];
                ILGPU.Group.Barrier();
            }

            if (thread != 0)
                return;
            float result = scale * shared[0];
            y.Set(group, add != 0 ? y[group] + result : result);
        }
    }
}
