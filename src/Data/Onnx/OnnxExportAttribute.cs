using CaffeActors.Compute;

namespace CaffeActors.Data.Onnx;

/// <summary>Registers what writes layers of a type as nodes of ONNX.</summary>
/// <param name="name">The type string, the one prototxt files use.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false, AllowMultiple = true)]
internal sealed class OnnxExportAttribute(string name) : Attribute, ICatalogKey
{
    /// <inheritdoc/>
    public string Name => name;
}
