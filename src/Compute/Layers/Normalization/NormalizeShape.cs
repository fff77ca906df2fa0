namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>What a <see cref="NormalizeLayer"/> works on.</summary>
/// <param name="Images">Images.</param>
/// <param name="Channels">Channels of one.</param>
/// <param name="Places">Places of a channel.</param>
/// <param name="ByPlace">Whether each place has a length of its own, or the image one.</param>
/// <param name="ChannelShared">Whether all channels have one scale.</param>
internal readonly record struct NormalizeShape(
    int Images, int Channels, int Places, bool ByPlace, bool ChannelShared)
{
    /// <summary>Channels of all images.</summary>
    public int Planes => Images * Channels;

    /// <summary>Elements of an image.</summary>
    public int ImageSize => Channels * Places;

    /// <summary>Which scale a plane has.</summary>
    public int ScaleOf(int plane) => ChannelShared ? 0 : plane % Channels;

    /// <summary>Where the lengths of a plane's image begin.</summary>
    public int LengthOf(int plane) => plane / Channels * (ByPlace ? Places : 1);
}
