using System.Runtime.CompilerServices;
using CaffeActors.Compute.Layers.Common;

namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>Where the elements of channels lie: element i is of channel i / inner mod channels.</summary>
internal readonly struct ChannelPlaces
{
    private readonly GpuDivisor _inner;
    private readonly GpuDivisor _channels;

    /// <summary>Describes a blob; of one without elements nobody asks for a place.</summary>
    /// <param name="channels">Number of channels.</param>
    /// <param name="inner">Elements of a channel in a row.</param>
    public ChannelPlaces(int channels, int inner)
    {
        _channels = new GpuDivisor(Math.Max(1, channels));
        _inner = new GpuDivisor(Math.Max(1, inner));
    }

    /// <summary>Describes a layout.</summary>
    public static ChannelPlaces Of(ChannelLayout layout) => new(layout.Channels, layout.Inner);

    /// <summary>The channel of an element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ChannelOf(int element)
    {
        int plane = _inner.Quotient(element);
        return _channels.Rest(plane, _channels.Quotient(plane));
    }

    /// <summary>The element that is number <paramref name="k"/> of a channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ElementOf(int channel, int k)
    {
        int outer = _inner.Quotient(k);
        return (((outer * _channels.Divisor) + channel) * _inner.Divisor) + _inner.Rest(k, outer);
    }
}
