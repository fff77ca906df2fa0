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

    /// <summary>Whether the net only ever runs forward, whatever it has: no layer keeps anything for its gradient.
    /// Default false.</summary>
    public bool ForwardOnly { get; init; }

    /// <summary>Names of blobs that somebody reads after a pass, besides inputs, outputs and what layers without bottoms
    /// make: the others share memory, each while layers still need it (docs/memory.md). Default null: each has its own, as
    /// it has where layers are placed on different devices.</summary>
    public IReadOnlyCollection<string>? Kept { get; init; }

    /// <summary>What is computed again in the backward pass instead of being kept for it, where blobs share memory.
    /// Default nothing.</summary>
    public Recompute Recompute { get; init; }

    /// <summary>What a layer gets, by name, where layers are placed on different devices: the context with another
    /// CPU or accelerator. Default: all get the context.</summary>
    public Func<string, LayerContext>? Placement { get; init; }

    /// <summary>What a layer gets.</summary>
    internal LayerContext ContextOf(LayerParameter layer) => Placement?.Invoke(layer.Name) ?? Context;
}
