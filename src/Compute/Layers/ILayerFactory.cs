using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Layers;

/// <summary>
/// A layer type that other classes stand for: the net gets the layer that the factory makes, not the factory. Like a
/// layer it has a <see cref="LayerAttribute"/> and a public constructor that takes the layer's message.
/// </summary>
public interface ILayerFactory
{
    /// <summary>Makes the layer.</summary>
    /// <param name="catalog">The catalogue that was asked for it.</param>
    /// <exception cref="CaffeException">There is no such layer; the place is that of the message.</exception>
    Layer Create(LayerCatalog catalog);
}
