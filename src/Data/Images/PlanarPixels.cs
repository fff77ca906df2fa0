namespace CaffeActors.Data.Images;

/// <summary>
/// An 8-bit image, channel after channel, row after row; colour channels in the order blue, green, red. It points to
/// memory of somebody else's and lives as long as that.
/// </summary>
/// <param name="data">The first channel's first value.</param>
/// <param name="channels">Number of channels.</param>
/// <param name="height">Rows.</param>
/// <param name="width">Columns, which are also the distance of rows.</param>
/// <param name="channelStride">Distance of channels; 0 shows one channel several times.</param>
public readonly unsafe struct PlanarPixels(byte* data, int channels, int height, int width, long channelStride)
{
    /// <summary>An image whose channels lie one after the other.</summary>
    public PlanarPixels(byte* data, int channels, int height, int width)
        : this(data, channels, height, width, (long)height * width)
    {
    }

    /// <summary>The first channel's first value.</summary>
    public byte* Data => data;

    /// <summary>Number of channels.</summary>
    public int Channels => channels;

    /// <summary>Rows.</summary>
    public int Height => height;

    /// <summary>Columns.</summary>
    public int Width => width;

    /// <summary>Distance of channels.</summary>
    public long ChannelStride => channelStride;

    /// <summary>A gray image as three equal channels; any other as it is.</summary>
    public PlanarPixels AsColor() => channels == 1 ? new PlanarPixels(data, 3, height, width, 0) : this;
}
