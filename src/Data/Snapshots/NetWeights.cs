using CaffeActors.Compute.Nets;

namespace CaffeActors.Data.Snapshots;

/// <summary>A net as a snapshot keeps it. Blobs are read while the snapshot is written: they must not change.</summary>
/// <param name="Name">The net's name, empty where it has none.</param>
/// <param name="Layers">All layers in order, those without learnable blobs included.</param>
public sealed record NetWeights(string Name, IReadOnlyList<LayerWeights> Layers)
{
    /// <summary>A net's weights, by reference.</summary>
    public static NetWeights Of(Net net) => new(net.Name,
        [.. net.Layers.Select(layer => new LayerWeights(layer.Layer.Parameter, layer.Layer.Blobs, layer.OwnsParam))]);
}
