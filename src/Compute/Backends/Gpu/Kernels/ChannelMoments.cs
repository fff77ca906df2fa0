using System.Runtime.CompilerServices;
using ILGPU;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// The mean of each channel's elements and the sum of their squared distances from it, in 32 bits and yet with their
/// digits: elements are taken less the channel's first one, each thread sums about the first of its own, and sums are
/// joined in tree order without a difference of large numbers (Chan, Golub, LeVeque: Updating formulae and a pairwise
/// algorithm for computing sample variances, 1979).
/// </summary>
internal static class ChannelMoments
{
    private const int Threads = 128;

    // A group's part of a long channel.
    private const int Chunk = 64 * Threads;

    /// <summary>Queues the sums.</summary>
    /// <param name="gpu">The accelerator. Takes its scratch buffer 0 where channels are long.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="inner">Elements of a channel in a row.</param>
    /// <param name="length">Elements of a channel, at least 1.</param>
    /// <param name="x">Elements.</param>
    /// <param name="shift">Receives the mean of each channel less the channel's first element.</param>
    /// <param name="squares">Receives the sums of squares.</param>
    public static void Run(
        GpuDevice gpu, int channels, int inner, int length, Values x, Values shift, Values squares)
    {
        int chunks = (int)(((long)length + Chunk - 1) / Chunk);
        var elements = new ChannelElement(channels, inner);
        if (chunks == 1)
        {
            gpu.RunGroups(channels, new SumBody(x, elements, length, 1, new MomentTarget(shift, squares, 0)));
            return;
        }

        Values partial = gpu.Scratch.Get(0, 2 * channels * chunks);
        gpu.RunGroups(channels * chunks, new SumBody(
            x, elements, length, chunks, new MomentTarget(partial, partial, channels * chunks)));
        gpu.RunGroups(channels, new JoinBody(
            partial, channels, length, chunks, new MomentTarget(shift, squares, 0)));
    }

    // Elements of a part, their mean, and the sum of their squared distances from it.
    internal readonly struct Moment(float count, float mean, float squares)
    {
        public readonly float Count = count, Mean = mean, Squares = squares;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Moment Plus(Moment other)
        {
            float all = Count + other.Count, part = other.Count > 0 ? other.Count / all : 0;
            float distance = other.Mean - Mean;
            return new Moment(
                all, Mean + (distance * part), Squares + other.Squares + (distance * distance * Count * part));
        }
    }

    internal readonly struct MomentTarget(Values mean, Values squares, int squaresFrom)
    {
        // The threads' moments, joined in tree order.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Put(int group, int thread, ArrayView<Moment> shared, Moment own)
        {
            shared[thread] = own;
            ILGPU.Group.Barrier();
            for (int half = Threads / 2; half > 0; half /= 2)
            {
                if (thread < half)
                    shared[thread] = shared[thread].Plus(shared[thread + half]);
                ILGPU.Group.Barrier();
            }

            if (thread != 0)
                return;
            Moment sum = shared[0];
            mean.Set(group, sum.Mean);
            squares.Set(squaresFrom + group, sum.Squares);
        }
    }

    // Group g does chunk g % chunks of channel g / chunks.
    internal readonly struct SumBody(Values x, ChannelElement elements, int length, int chunks, MomentTarget target)
        : IGpuGroupBody
    {
        public static int GroupSize => Threads;

        public void Invoke(int group, int thread)
        {
            ArrayView<Moment> shared = SharedMemory.Allocate<Moment>(Threads);
            int channel = group / chunks, chunk = group % chunks;
            int from = (int)((long)length * chunk / chunks), to = (int)((long)length * (chunk + 1) / chunks);
            float center = x[elements.At(channel, 0)], first = 0, sum = 0, squares = 0, count = 0;
            if (from + thread < to)
                first = x[elements.At(channel, from + thread)] - center;
            for (int k = from + thread; k < to; k += Threads)
            {
                float distance = x[elements.At(channel, k)] - center - first;
                sum += distance;
                squares += distance * distance;
                count++;
            }

            float mean = count > 0 ? sum / count : 0;
            target.Put(group, thread, shared, new Moment(count, first + mean, squares - (mean * sum)));
        }
    }

    internal readonly struct JoinBody(Values partial, int channels, int length, int chunks, MomentTarget target)
        : IGpuGroupBody
    {
        public static int GroupSize => Threads;

        public void Invoke(int group, int thread)
        {
            ArrayView<Moment> shared = SharedMemory.Allocate<Moment>(Threads);
            var own = new Moment(0, 0, 0);
            for (int chunk = thread; chunk < chunks; chunk += Threads)
            {
                int from = (int)((long)length * chunk / chunks), to = (int)((long)length * (chunk + 1) / chunks);
                int at = (group * chunks) + chunk;
                own = own.Plus(new Moment(to - from, partial[at], partial[(channels * chunks) + at]));
            }

            target.Put(group, thread, shared, own);
        }
    }
}
