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

    /// <summary>The layout where axes [<paramref name="axis"/>, <paramref name="end"/>) are channels.</summary>
    public static ChannelLayout Of(Blob blob, int axis, int end) =>
        new(blob.CountRange(0, axis), blob.CountRange(axis, end), blob.CountFrom(end));
}
