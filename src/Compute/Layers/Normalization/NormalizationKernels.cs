using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Layers.Common;
using ILGPU;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>The gradient of a normalization on an accelerator.</summary>
internal static class NormalizationKernels
{
    /// <summary>Where a forward pass puts the channels' means less their first elements.</summary>
    public const int ShiftSlot = 1;

    /// <summary>Where it puts their sums of squared distances.</summary>
    public const int SquaresSlot = 2;

    private const int SumsSlot = 1;
    private const int PartialSlot = 2;
    private const int Threads = 128;

    // A group's part of a long channel.
    private const int Chunk = 64 * Threads;

    /// <summary>Queues dx = (dy - avg(dy) - avg(dy (x - mean)) r^2 (x - mean)) r, r the inverse deviation.</summary>
    /// <param name="gpu">The accelerator. Takes its scratch buffers 0 to 2.</param>
    /// <param name="layout">How the channels lie; it has elements.</param>
    /// <param name="x">Elements.</param>
    /// <param name="dy">Gradients of what was made of them.</param>
    /// <param name="dx">Takes their gradients; may be <paramref name="dy"/>.</param>
    /// <param name="mean">A mean for each channel.</param>
    /// <param name="inverse">r of each channel.</param>
    /// <param name="divides">Whether the deviation was divided by; else r is 1 and the last term is left out.</param>
    public static void Gradient(
        GpuDevice gpu, ChannelLayout layout, Values x, Values dy, Values dx, Values mean, Values inverse,
        bool divides = true)
    {
        int channels = layout.Channels, length = (int)layout.PerChannel;
        int chunks = (int)(((long)length + Chunk - 1) / Chunk), groups = channels * chunks;
        ChannelElement places = layout.OnGpu;
        Values sums = gpu.Scratch.Get(SumsSlot, 2 * channels);
        if (chunks == 1)
        {
            gpu.RunGroups(groups, new SumBody(places, dy, x, mean, sums, groups, length, chunks, 1f / length));
        }
        else
        {
            Values partial = gpu.Scratch.Get(PartialSlot, 2 * groups);
            gpu.RunGroups(groups, new SumBody(places, dy, x, mean, partial, groups, length, chunks, 1));
            RowSums.Run(gpu, 2 * channels, chunks, new RowSums.Partial(partial, chunks), sums, 1f / length);
        }

        gpu.Run(layout.Count, new GradientBody(places, x, dy, dx, mean, inverse, sums, channels, divides ? 1 : 0));
    }

    // The sums of dy and of dy (x - mean), the second ones behind all the first. Group g does chunk g % chunks of
    // channel g / chunks.
    internal readonly struct SumBody(
        ChannelElement places, Values dy, Values x, Values mean, Values sums, int groups, int length, int chunks,
        float scale) : IGpuGroupBody
    {
        public static int GroupSize => Threads;

        public void Invoke(int group, int thread)
        {
            ArrayView<float> shared = SharedMemory.Allocate<float>(Threads);
            int channel = group / chunks, chunk = group % chunks;
            int from = (int)((long)length * chunk / chunks), to = (int)((long)length * (chunk + 1) / chunks);
            float center = mean[channel], plain = 0, product = 0;
            for (int k = from + thread; k < to; k += Threads)
            {
                int i = places.At(channel, k);
                float gradient = dy[i];
                plain += gradient;
                product += gradient * (x[i] - center);
            }

            plain = GroupReduce.Sum(shared, thread, Threads, plain);
            product = GroupReduce.Sum(shared, thread, Threads, product);
            if (thread != 0)
                return;
            sums.Set(group, scale * plain);
            sums.Set(groups + group, scale * product);
        }
    }

    // dy - average comes before the multiplication: where a channel has one element the two cancel exactly, however
    // large the inverse is.
    internal readonly struct GradientBody(
        ChannelElement places, Values x, Values dy, Values dx, Values mean, Values inverse, Values averages,
        int channels, int divides) : IGpuBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i)
        {
            int channel = places.ChannelOf(i);
            float r = inverse[channel], result = (dy[i] - averages[channel]) * r;
            if (divides != 0)
                result -= r * r * averages[channels + channel] * r * (x[i] - mean[channel]);
            dx.Set(i, result);
        }
    }
}
