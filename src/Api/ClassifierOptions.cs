namespace CaffeActors.Api;

/// <summary>How a <see cref="Classifier"/> or <see cref="Detector"/> makes inputs of images.</summary>
public sealed record ClassifierOptions
{
    /// <summary>Rows that images are resized to before they are cut to the net's input; 0, the default: the
    /// input's.</summary>
    public int ImageHeight { get; init; }

    /// <summary>Columns likewise.</summary>
    public int ImageWidth { get; init; }

    /// <summary>The mean, in the net's order of channels: one value for each, or channels × height × width of the
    /// input. Default none.</summary>
    public NdArray? Mean { get; init; }

    /// <summary>Multiplies values before the mean is subtracted: 255 for nets trained on 8-bit values. Default none:
    /// values are from 0 to 1.</summary>
    public float? RawScale { get; init; }

    /// <summary>Multiplies values at last. Default none.</summary>
    public float? InputScale { get; init; }

    /// <summary>Order of channels: [2, 1, 0] for nets trained on blue, green, red, as Caffe's are. Default none: red,
    /// green, blue.</summary>
    public IReadOnlyList<int>? ChannelSwap { get; init; }

    /// <summary>How the net is opened.</summary>
    public CaffeNetOptions Net { get; init; } = new();
}
