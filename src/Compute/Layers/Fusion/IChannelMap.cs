using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Layers.Fusion;

/// <summary>
/// A layer that, as it is set, makes y = f x + s of each element of its bottom, f and s being one number for each
/// channel that follows from its learnable blobs alone.
/// </summary>
internal interface IChannelMap
{
    /// <summary>The bottom's axis of channels, counted from the first; null where the layer is no such map. Valid after
    /// <see cref="Layer.SetUp"/>.</summary>
    int? MapAxis { get; }

    /// <summary>What f and s follow from.</summary>
    IReadOnlyList<Blob> Blobs { get; }

    /// <summary>Applies the map behind another one: f' = f_map f, s' = f_map s + s_map.</summary>
    /// <param name="factors">f of each channel; f' on return.</param>
    /// <param name="summands">s likewise.</param>
    void Compose(Span<double> factors, Span<double> summands);
}
