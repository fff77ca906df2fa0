namespace CaffeActors.Compute.Layers;

/// <summary>Registers a layer: the class is found by its type string, the one prototxt files use.</summary>
/// <param name="name">The type string.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class LayerAttribute(string name) : Attribute, ICatalogKey
{
    /// <inheritdoc/>
    public string Name => name;
}
