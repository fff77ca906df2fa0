using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Layers.Common;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>The gradient of a normalization on an accelerator.</summary>
internal static class NormalizationKernels
{
    /// <summary>Where a forward pass puts the channels' means less their first elements.</summary>
    public const int ShiftSlot = 1;

    /// <summary>Where it puts their sums of squared distances.</summary>
    public const int SquaresSlot = 2;

    private const int OffsetSlot = 1;
    private const int SlopeSlot = 2;

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
        var elements = new ChannelElement(channels, layout.Inner);
        Values average = gpu.Scratch.Get(OffsetSlot, channels), product = Values.None;
        RowSums.Run(gpu, channels, length, new GradientTerm(elements, dy, x, Values.None), average, 1f / length);
        if (divides)
        {
            product = gpu.Scratch.Get(SlopeSlot, channels);
            RowSums.Run(gpu, channels, length, new GradientTerm(elements, dy, x, mean), product, 1f / length);
        }

        gpu.Run(layout.Count, new GradientBody(elements, x, dy, dx, mean, inverse, average, product));
    }

    // dy, or dy (x - mean).
    internal readonly struct GradientTerm(ChannelElement elements, Values dy, Values x, Values mean) : IGpuTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float At(int row, int k)
        {
            int i = elements.At(row, k);
            return mean.Exists ? dy[i] * (x[i] - mean[row]) : dy[i];
        }
    }

    // dy - average comes before the multiplication: where a channel has one element the two cancel exactly, however
    // large the inverse is.
    internal readonly struct GradientBody(
        ChannelElement elements, Values x, Values dy, Values dx, Values mean, Values inverse, Values average,
        Values product) : IGpuBody
    {
        public void Invoke(int i)
        {
            int channel = elements.ChannelOf(i);
            float r = inverse[channel], result = (dy[i] - average[channel]) * r;
            if (product.Exists)
                result -= r * r * product[channel] * r * (x[i] - mean[channel]);
            dx.Set(i, result);
        }
    }
}
