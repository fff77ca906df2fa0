using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets.Memory;
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

    /// <summary>What the net is used for: one that only runs forward keeps nothing for gradients. Default null: for
    /// anything, so that each blob has memory of its own; so it is where layers are placed on different
    /// devices.</summary>
    public NetUse? Use { get; init; }

    /// <summary>What a layer gets, by name, where layers are placed on different devices: the context with another
    /// CPU or accelerator. Default: all get the context.</summary>
    public Func<string, LayerContext>? Placement { get; init; }

    /// <summary>What a layer gets.</summary>
    internal LayerContext ContextOf(LayerParameter layer) => Placement?.Invoke(layer.Name) ?? Context;
}
