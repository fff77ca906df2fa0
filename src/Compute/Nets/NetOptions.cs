using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <summary>What a net is built with besides its message.</summary>
/// <param name="Context">Device, seed and services, handed to every layer.</param>
/// <param name="Catalog">Where layer types come from.</param>
public sealed record NetOptions(LayerContext Context, LayerCatalog Catalog)
{
    /// <summary>How blobs are kept where the net itself does not say. Default Float32.</summary>
    public StorageType Precision { get; init; }

    /// <summary>Which passes may change how the net is computed. Default all.</summary>
    public NetPasses Passes { get; init; } = NetPasses.All;

    /// <summary>Whether the net only ever runs forward, whatever it has: no layer keeps anything for its gradient.
    /// Default false.</summary>
    public bool ForwardOnly { get; init; }

    /// <summary>What a layer gets, by name, where layers are placed on different devices: the context with another
    /// CPU or accelerator. Default: all get the context.</summary>
    public Func<string, LayerContext>? Placement { get; init; }

    /// <summary>What a layer gets.</summary>
    internal LayerContext ContextOf(LayerParameter layer) => Placement?.Invoke(layer.Name) ?? Context;
}
