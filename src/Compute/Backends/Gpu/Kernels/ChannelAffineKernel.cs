using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// y = (x - center) * scale + bias, the last three one value for each channel. y may be x.
/// </summary>
internal static class ChannelAffineKernel
{
    /// <summary>Queues it.</summary>
    /// <param name="gpu">The accelerator.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="places">Where the elements of a channel lie.</param>
    /// <param name="x">Elements.</param>
    /// <param name="y">Results.</param>
    /// <param name="copy">Takes x before y overwrites it. Default: nothing does.</param>
    /// <param name="center">Default: 0.</param>
    /// <param name="scale">Default: 1.</param>
    /// <param name="bias">Default: 0.</param>
    public static void Run(
        GpuDevice gpu, int count, ChannelElement places, Values x, Values y, Values copy = default,
        Values center = default, Values scale = default, Values bias = default) =>
        gpu.Run(count, new Body(x, y, copy, center, scale, bias, places));

    internal readonly struct Body(
        Values x, Values y, Values copy, Values center, Values scale, Values bias, ChannelElement places) : IGpuBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Invoke(int i)
        {
            int channel = places.ChannelOf(i);
            float value = x[i];
            if (copy.Exists)
                copy.Set(i, value);
            if (center.Exists)
                value -= center[channel];
            if (scale.Exists)
                value *= scale[channel];
            if (bias.Exists)
                value += bias[channel];
            y.Set(i, value);
        }
    }
}
