using System.Runtime.CompilerServices;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>Where the elements of channels lie, without a division by a number that is not known beforehand: element i
/// is of channel i / inner mod channels. Of a blob without elements nobody asks for one.</summary>
/// <param name="channels">Number of channels.</param>
/// <param name="inner">Elements of a channel in a row.</param>
internal readonly struct ChannelElement(int channels, int inner)
{
    private readonly GpuDivisor _inner = new(Math.Max(1, inner));
    private readonly GpuDivisor _channels = new(Math.Max(1, channels));

    /// <summary>The element that is number <paramref name="k"/> of a channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int At(int channel, int k)
    {
        int row = _inner.Quotient(k);
        return (((row * _channels.Divisor) + channel) * _inner.Divisor) + _inner.Rest(k, row);
    }

    /// <summary>The channel of an element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ChannelOf(int element)
    {
        int row = _inner.Quotient(element);
        return _channels.Rest(row, _channels.Quotient(row));
    }
}
