using CaffeActors.Compute.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>
/// Moves scale, mean_file, crop_size and mirror of V1 data layers from their own parameters to
/// <c>transform_param</c>.
/// </summary>
internal static class DataTransformUpgrade
{
    private static readonly string[] _moved = ["scale", "mean_file", "crop_size", "mirror"];

    /// <summary>Upgrades the V1 layers of a net.</summary>
    public static void Apply(NetParameter net, UpgradeLog log)
    {
        foreach (V1LayerParameter layer in net.Layers)
        {
            IMessage? own = layer.Type switch
            {
                V1LayerParameter.Types.LayerType.Data => layer.DataParam,
                V1LayerParameter.Types.LayerType.ImageData => layer.ImageDataParam,
                V1LayerParameter.Types.LayerType.WindowData => layer.WindowDataParam,
                _ => null,
            };
            if (own is not null)
                Move(layer, own, log);
        }
    }

    private static void Move(V1LayerParameter layer, IMessage own, UpgradeLog log)
    {
        foreach (string name in _moved)
        {
            FieldDescriptor field = own.Descriptor.FindFieldByName(name);
            if (!field.Accessor.HasValue(own))
                continue;
            layer.TransformParam ??= new TransformationParameter().WithPlaceOf(own);
            FieldMove.Put(layer.TransformParam, name, field.Accessor.GetValue(own));
            FieldMove.CarryPlace(own, name, layer.TransformParam, name);
            field.Accessor.Clear(own);
            log.Done($"Layer '{layer.Name}': '{name}' moved to transform_param.", SourcePlaces.OfField(own, name));
            if (name == "scale" && own is WindowDataParameter)
                TellWindowScale(layer, log);
        }
    }

    /// <summary>Tells that the scale of a WindowData layer has lost its effect.</summary>
    public static void TellWindowScale(V1LayerParameter layer, UpgradeLog log) => log.Done(
        $"Layer '{layer.Name}': a WindowData layer reads 'scale' from window_data_param only, so in transform_param it "
        + "has no effect, as in Caffe; write it in window_data_param of a net in today's form.",
        SourcePlaces.OfField(layer.TransformParam, "scale"));
}
