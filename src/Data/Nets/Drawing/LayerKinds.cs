using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Data.Nets.Drawing;

/// <summary>Tells what kind of layer one is by the family that its class belongs to; a class of the user's own by the
/// last part of its namespace.</summary>
public static class LayerKinds
{
    /// <summary>The kind of a layer.</summary>
    /// <param name="catalog">The layer types.</param>
    /// <param name="layer">The layer's message.</param>
    public static LayerKind Of(LayerCatalog catalog, LayerParameter layer)
    {
        string family = catalog.Find(layer.Type)?.Namespace?.Split('.')[^1] ?? "";
        if (layer.Bottom.Count == 0)
            return LayerKind.Data;
        if (Enum.TryParse(family, out LayerKind kind))
            return kind;
        return HasFiller(layer) ? LayerKind.Weights : LayerKind.Other;
    }

    // What learns is told how its weights begin.
    private static bool HasFiller(LayerParameter layer) => LayerParameter.Descriptor.Fields.InDeclarationOrder()
        .Where(field => field.FieldType == FieldType.Message && !field.IsRepeated)
        .Where(field => field.MessageType.Fields.InDeclarationOrder().Any(inner =>
            inner.FieldType == FieldType.Message && inner.MessageType == FillerParameter.Descriptor))
        .Any(field => field.Accessor.GetValue(layer) is IMessage);
}
