using CaffeActors.Compute.Layers;

namespace CaffeActors.Compute.Nets;

/// <summary>What a net is built with besides its message.</summary>
/// <param name="Context">Device, seed and services, handed to every layer.</param>
/// <param name="Catalog">Where layer types come from.</param>
public sealed record NetOptions(LayerContext Context, LayerCatalog Catalog);
