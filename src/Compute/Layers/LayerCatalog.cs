using System.Reflection;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Layers;

/// <summary>All layer types of some assemblies; a program's own list is this assembly, Data's and its users'.</summary>
/// <param name="assemblies">Where to look.</param>
public sealed class LayerCatalog(params IEnumerable<Assembly> assemblies)
{
    private readonly Catalog<Layer, LayerAttribute, LayerParameter> _catalog = new(assemblies);

    /// <summary>The layers of this assembly.</summary>
    public static LayerCatalog Compute { get; } = new(typeof(LayerCatalog).Assembly);

    /// <summary>The known type strings, sorted.</summary>
    public IReadOnlyCollection<string> Types => _catalog.Names;

    /// <summary>Makes a layer.</summary>
    /// <exception cref="CaffeException">The type is unknown; the message lists the known ones.</exception>
    public Layer Create(LayerParameter parameter) =>
        _catalog.Create(parameter.Type, parameter)
        ?? throw new CaffeException(ErrorCodes.UnknownLayerType, FailureKind.Configuration,
            $"layer '{parameter.Name}' has the type '{parameter.Type}', which is not known{Suggestion(parameter.Type)} "
            + $"(known types: {string.Join(", ", Types)})",
            SourcePlaces.Of(parameter));

    private string Suggestion(string type) =>
        Nearest.Of(type, Types) is { } near ? $"; did you mean '{near}'?" : "";
}
