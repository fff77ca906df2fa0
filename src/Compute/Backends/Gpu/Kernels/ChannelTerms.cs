using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>A sum for each channel of a[i].</summary>
/// <param name="a">Elements.</param>
/// <param name="places">Where those of a channel lie.</param>
internal readonly struct ChannelTerm(Values a, ChannelElement places) : IGpuTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(int row, int k) => a[places.At(row, k)];
}

/// <summary>A sum for each channel of a[i] b[i].</summary>
/// <param name="a">Elements.</param>
/// <param name="b">Elements.</param>
/// <param name="places">Where those of a channel lie.</param>
internal readonly struct ChannelProductTerm(Values a, Values b, ChannelElement places) : IGpuTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(int row, int k)
    {
        int i = places.At(row, k);
        return a[i] * b[i];
    }
}
