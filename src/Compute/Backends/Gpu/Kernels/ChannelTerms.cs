using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>Where the elements of a channel lie: element i is of channel i / inner mod channels.</summary>
internal static class ChannelElements
{
    /// <summary>The element that is number <paramref name="k"/> of a channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int At(int channel, int k, int channels, int inner) =>
        ((((k / inner) * channels) + channel) * inner) + (k % inner);
}

/// <summary>A sum for each channel of a[i].</summary>
/// <param name="a">Elements.</param>
/// <param name="channels">Number of channels.</param>
/// <param name="inner">Elements of a channel in a row.</param>
internal readonly struct ChannelTerm(Values a, int channels, int inner) : IGpuTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(int row, int k) => a[ChannelElements.At(row, k, channels, inner)];
}

/// <summary>A sum for each channel of a[i] b[i].</summary>
/// <param name="a">Elements.</param>
/// <param name="b">Elements.</param>
/// <param name="channels">Number of channels.</param>
/// <param name="inner">Elements of a channel in a row.</param>
internal readonly struct ChannelProductTerm(Values a, Values b, int channels, int inner) : IGpuTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(int row, int k)
    {
        int i = ChannelElements.At(row, k, channels, inner);
        return a[i] * b[i];
    }
}
