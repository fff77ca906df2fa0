using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>
/// How values that belong to channels lie in a blob: <paramref name="Outer"/> times all channels, each of
/// <paramref name="Inner"/> elements in a row. Element i is of channel i / Inner mod Channels.
/// </summary>
/// <param name="Outer">Product of the axes before the channels'.</param>
/// <param name="Channels">Number of channels.</param>
/// <param name="Inner">Product of the axes after the channels'.</param>
internal readonly record struct ChannelLayout(int Outer, int Channels, int Inner)
{
    /// <summary>Number of elements.</summary>
    public int Count => Outer * Channels * Inner;

    /// <summary>Elements of one channel.</summary>
    public long PerChannel => (long)Outer * Inner;

    /// <summary>The same for kernels of accelerators.</summary>
    public ChannelElement OnGpu => new(Channels, Inner);

    /// <summary>Whether neighbours belong to different channels.</summary>
    public bool IsInterleaved => Inner == 1;

    /// <summary>
    /// The elements from one on that lie in a row: of one channel, or, where it <see cref="IsInterleaved"/>, one of
    /// each channel from the first one's on.
    /// </summary>
    /// <param name="element">The first element.</param>
    /// <param name="to">The end of what is asked for.</param>
    /// <returns>How many they are, and the first one's channel.</returns>
    public (int Count, int Channel) RunAt(int element, int to)
    {
        int plane = element / Inner, channel = plane % Channels;
        return IsInterleaved
            ? (Math.Min(Channels - channel, to - element), channel)
            : ((int)Math.Min(((plane + 1L) * Inner) - element, to - element), channel);
    }

    /// <summary>The layout where axes [<paramref name="axis"/>, <paramref name="end"/>) are channels.</summary>
    public static ChannelLayout Of(Blob blob, int axis, int end) =>
        new(blob.CountRange(0, axis), blob.CountRange(axis, end), blob.CountFrom(end));
}
