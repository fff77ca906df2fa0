using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <summary>What a net is built with besides its message.</summary>
/// <param name="Context">Device, seed and services, handed to every layer.</param>
/// <param name="Catalog">Where layer types come from.</param>
public sealed record NetOptions(LayerContext Context, LayerCatalog Catalog)
{
    /// <summary>The accelerator of a layer, by name, or null for the CPU. Default: the context's.</summary>
    public Func<string, GpuDevice?>? Placement { get; init; }

    /// <summary>What a layer gets.</summary>
    internal LayerContext ContextOf(LayerParameter layer) =>
        Placement is null ? Context : Context with { Gpu = Placement(layer.Name) };
}
