using System.Reflection;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Prototxt.Forks;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers;

/// <summary>All layer types of some assemblies; a program's own list is this assembly, Data's and its users'.</summary>
/// <param name="assemblies">Where to look.</param>
public sealed class LayerCatalog(params IEnumerable<Assembly> assemblies)
{
    private readonly Catalog<object, LayerAttribute, LayerParameter> _catalog = new(assemblies);

    /// <summary>The layers of this assembly.</summary>
    public static LayerCatalog Compute { get; } = new(typeof(LayerCatalog).Assembly);

    /// <summary>The known type strings, sorted.</summary>
    public IReadOnlyCollection<string> Types => _catalog.Names;

    /// <summary>Finds the assemblies that nets name themselves; null, the default, where nets cannot.</summary>
    public ILayerModules? Modules { get; init; }

    /// <summary>The class of a type, or null where the type is unknown.</summary>
    public Type? Find(string type) => _catalog.Find(type);

    /// <summary>Makes a layer.</summary>
    /// <exception cref="CaffeException">The type is unknown; the message lists the nearest ones, or all where none
    /// is near.</exception>
    public Layer Create(LayerParameter parameter) => _catalog.Create(parameter.Type, parameter) switch
    {
        Layer layer => layer,
        ILayerFactory factory => factory.Create(this),
        _ => throw new CaffeException(ErrorCodes.UnknownLayerType, FailureKind.Configuration,
            $"layer '{parameter.Name}' has the type '{parameter.Type}', which is not known; "
            + $"{Suggestion(parameter.Type)}; a layer of one's own is plugged in with --layers ASSEMBLY.dll, or "
            + "layers.assemblies = [ASSEMBLY.dll] in a run configuration", SourcePlaces.Of(parameter)),
    };

    private string Suggestion(string type) => Nearest.Several(type, Types, 3) switch
    {
        _ when KnownForks.OfLayerType(type) is { } fork => $"it belongs to {fork}",
        [] => $"known types: {string.Join(", ", Types)}",
        [string only] => $"did you mean '{only}'?",
        [.. string[] others, string last] => $"did you mean '{string.Join("', '", others)}' or '{last}'?",
        _ => "",
    };
}
