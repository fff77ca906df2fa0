using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Nets;

/// <summary>How a layer's tops are kept. Computing is in 32-bit floats always, weights, their gradients and histories
/// are 32-bit floats always: what NVIDIA's fork calls math types permits less and needs no less.</summary>
/// <param name="Forward">How their data are kept.</param>
/// <param name="Backward">How their diffs are kept.</param>
public readonly record struct Precision(StorageType Forward, StorageType Backward)
{
    /// <summary>What a net says: the layer's <c>forward_type</c> and <c>backward_type</c>, else the net's
    /// <c>default_forward_type</c> and <c>default_backward_type</c>, else what the run asks for.</summary>
    /// <param name="net">The net.</param>
    /// <param name="layer">A layer of it.</param>
    /// <param name="standard">What the run asks for.</param>
    /// <exception cref="CaffeException">A type that blobs cannot have.</exception>
    public static Precision Of(NetParameter net, LayerParameter layer, StorageType standard) => new(
        layer.HasForwardType ? TypeOf(layer, layer.ForwardType, "forward_type")
        : net.HasDefaultForwardType ? TypeOf(net, net.DefaultForwardType, "default_forward_type")
        : standard,
        layer.HasBackwardType ? TypeOf(layer, layer.BackwardType, "backward_type")
        : net.HasDefaultBackwardType ? TypeOf(net, net.DefaultBackwardType, "default_backward_type")
        : standard);

    /// <summary>Whether a layer of the net keeps gradients in a form.</summary>
    /// <param name="net">The net.</param>
    /// <param name="type">The form.</param>
    /// <param name="standard">What the run asks for.</param>
    public static bool HasGradients(NetParameter net, StorageType type, StorageType standard)
    {
        foreach (LayerParameter layer in net.Layer)
        {
            if (Of(net, layer, standard).Backward == type)
                return true;
        }

        return false;
    }

    /// <summary>What the log says of a net that keeps blobs in 16 bits.</summary>
    internal static string Notice(NetParameter net, StorageType standard)
    {
        string data = Names(net.Layer.Select(layer => Of(net, layer, standard).Forward));
        string diffs = Names(net.Layer.Select(layer => Of(net, layer, standard).Backward));
        return $"Blobs are kept in {data}, their gradients in {diffs}; computing is in 32-bit floats"
            + (AsksForHalfMath(net) ? ", which FLOAT16 as a math type permits and does not ask for." : ".");
    }

    private static string Names(IEnumerable<StorageType> types) =>
        string.Join(" and ", types.Distinct().Order().Select(StorageNames.NameOf));

    private static bool AsksForHalfMath(NetParameter net) =>
        IsHalf(net.DefaultForwardMath) || IsHalf(net.DefaultBackwardMath)
        || net.Layer.Any(layer => IsHalf(layer.ForwardMath) || IsHalf(layer.BackwardMath));

    private static bool IsHalf(BlobProto.Types.RawType type) => type == BlobProto.Types.RawType.Float16;

    private static StorageType TypeOf(Google.Protobuf.IMessage owner, BlobProto.Types.RawType type, string field) =>
        type switch
        {
            BlobProto.Types.RawType.Float16 => StorageType.Float16,
            BlobProto.Types.RawType.Float or BlobProto.Types.RawType.Double => StorageType.Float32,
            _ => throw new CaffeException(ErrorCodes.BadFieldValue, FailureKind.Configuration,
                $"{field} is {type.ToString().ToUpperInvariant()}; blobs are FLOAT16 or FLOAT (DOUBLE is kept as "
                + "FLOAT)",
                SourcePlaces.OfField(owner, field)),
        };
}
