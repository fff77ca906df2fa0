using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using LayerType = CaffeActors.Compute.Schema.V1LayerParameter.Types.LayerType;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>
/// V0 layers (<c>layers { layer { ... } }</c>, all fields in one message) to V1 (an enum type, fields in a parameter
/// message of the type). Padding layers are removed first.
/// </summary>
internal static class V0LayersUpgrade
{
    // A type's V1 name and the message its fields go to.
    private static readonly Dictionary<string, (LayerType Type, string Parameters)> _types = new()
    {
        ["accuracy"] = (LayerType.Accuracy, ""),
        ["bnll"] = (LayerType.Bnll, ""),
        ["concat"] = (LayerType.Concat, "concat_param"),
        ["conv"] = (LayerType.Convolution, "convolution_param"),
        ["data"] = (LayerType.Data, "data_param"),
        ["dropout"] = (LayerType.Dropout, "dropout_param"),
        ["euclidean_loss"] = (LayerType.EuclideanLoss, ""),
        ["flatten"] = (LayerType.Flatten, ""),
        ["hdf5_data"] = (LayerType.Hdf5Data, "hdf5_data_param"),
        ["hdf5_output"] = (LayerType.Hdf5Output, "hdf5_output_param"),
        ["im2col"] = (LayerType.Im2Col, ""),
        ["images"] = (LayerType.ImageData, "image_data_param"),
        ["infogain_loss"] = (LayerType.InfogainLoss, "infogain_loss_param"),
        ["innerproduct"] = (LayerType.InnerProduct, "inner_product_param"),
        ["lrn"] = (LayerType.Lrn, "lrn_param"),
        ["multinomial_logistic_loss"] = (LayerType.MultinomialLogisticLoss, ""),
        ["pool"] = (LayerType.Pooling, "pooling_param"),
        ["relu"] = (LayerType.Relu, ""),
        ["sigmoid"] = (LayerType.Sigmoid, ""),
        ["softmax"] = (LayerType.Softmax, ""),
        ["softmax_loss"] = (LayerType.SoftmaxLoss, ""),
        ["split"] = (LayerType.Split, ""),
        ["tanh"] = (LayerType.Tanh, ""),
        ["window_data"] = (LayerType.WindowData, "window_data_param"),
    };

    // What a field is called in the types' messages and which types have it; without types: in transform_param.
    private static readonly Dictionary<string, (string Name, string[] Types)> _fields = new()
    {
        ["num_output"] = ("num_output", ["conv", "innerproduct"]),
        ["biasterm"] = ("bias_term", ["conv", "innerproduct"]),
        ["weight_filler"] = ("weight_filler", ["conv", "innerproduct"]),
        ["bias_filler"] = ("bias_filler", ["conv", "innerproduct"]),
        ["pad"] = ("pad", ["conv", "pool"]),
        ["kernelsize"] = ("kernel_size", ["conv", "pool"]),
        ["stride"] = ("stride", ["conv", "pool"]),
        ["group"] = ("group", ["conv"]),
        ["pool"] = ("pool", ["pool"]),
        ["dropout_ratio"] = ("dropout_ratio", ["dropout"]),
        ["local_size"] = ("local_size", ["lrn"]),
        ["alpha"] = ("alpha", ["lrn"]),
        ["beta"] = ("beta", ["lrn"]),
        ["k"] = ("k", ["lrn"]),
        ["source"] = ("source", ["data", "hdf5_data", "images", "window_data", "infogain_loss"]),
        ["batchsize"] = ("batch_size", ["data", "hdf5_data", "images", "window_data"]),
        ["rand_skip"] = ("rand_skip", ["data", "images"]),
        ["shuffle_images"] = ("shuffle", ["images"]),
        ["new_height"] = ("new_height", ["images"]),
        ["new_width"] = ("new_width", ["images"]),
        ["concat_dim"] = ("concat_dim", ["concat"]),
        ["det_fg_threshold"] = ("fg_threshold", ["window_data"]),
        ["det_bg_threshold"] = ("bg_threshold", ["window_data"]),
        ["det_fg_fraction"] = ("fg_fraction", ["window_data"]),
        ["det_context_pad"] = ("context_pad", ["window_data"]),
        ["det_crop_mode"] = ("crop_mode", ["window_data"]),
        ["hdf5_output_param"] = ("", ["hdf5_output"]),
        ["scale"] = ("scale", []),
        ["meanfile"] = ("mean_file", []),
        ["cropsize"] = ("crop_size", []),
        ["mirror"] = ("mirror", []),
        ["new_num"] = ("", []),
        ["new_channels"] = ("", []),
    };

    /// <summary>Upgrades the layers of a net; those in V1 form already stay as they are.</summary>
    /// <exception cref="CaffeException">A type is unknown, or a padding layer cannot be removed.</exception>
    public static void Apply(NetParameter net, UpgradeLog log)
    {
        int count = net.Layers.Count(layer => layer.Layer is not null);
        if (count == 0)
            return;
        SourcePlace? place = SourcePlaces.OfField(net, "layers");
        log.Done($"{count} 'layers' with a 'layer' inside (V0, of 2013) became V1.", place);
        V0PaddingUpgrade.Apply(net, log);
        foreach (V1LayerParameter layer in net.Layers.Where(layer => layer.Layer is not null))
            Upgrade(layer, layer.Layer, log);
    }

    private static void Upgrade(V1LayerParameter layer, V0LayerParameter old, UpgradeLog log)
    {
        layer.Layer = null;
        if (old.HasName)
            layer.Name = old.Name;
        FieldMove.CarryPlace(old, "name", layer, "name");
        FieldMove.CarryPlace(old, "type", layer, "type");
        layer.Blobs.Add(old.Blobs);
        layer.BlobsLr.Add(old.BlobsLr);
        layer.WeightDecay.Add(old.WeightDecay);
        string parameters = "";
        if (old.HasType)
        {
            if (!_types.TryGetValue(old.Type, out (LayerType Type, string Parameters) known))
                throw UnknownType(old);
            (layer.Type, parameters) = known;
        }

        foreach (FieldDescriptor field in V0LayerParameter.Descriptor.Fields.InFieldNumberOrder())
        {
            if (_fields.ContainsKey(field.Name) && field.Accessor.HasValue(old))
                Move(old, field, layer, parameters, log);
        }
    }

    private static void Move(
        V0LayerParameter old, FieldDescriptor field, V1LayerParameter layer, string parameters, UpgradeLog log)
    {
        (string name, string[] types) = _fields[field.Name];
        object value = field.Accessor.GetValue(old);
        if (value is HDF5OutputParameter output && types.Contains(old.Type))
        {
            layer.Hdf5OutputParam = output;
        }
        else if (name.Length > 0 && (types.Length == 0 || types.Contains(old.Type)))
        {
            IMessage target = FieldMove.Child(layer, types.Length == 0 ? "transform_param" : parameters, old);
            FieldMove.CarryPlace(old, field.Name, target, name);
            FieldMove.Put(target, name, value);
            if (field.Name == "scale" && old.Type == "window_data")
                DataTransformUpgrade.TellWindowScale(layer, log);
        }
        else
        {
            log.Lost(
                $"Layer '{old.Name}': '{field.Name}' means nothing to a layer of type '{old.Type}' and was dropped.",
                SourcePlaces.OfField(old, field.Name));
        }
    }

    private static CaffeException UnknownType(V0LayerParameter old)
    {
        string advice = Nearest.Of(old.Type, _types.Keys) is { } nearest
            ? $"Did you mean '{nearest}'?"
            : $"V0 types are {string.Join(", ", _types.Keys)} and padding.";
        return new CaffeException(
            ErrorCodes.UnknownLayerType,
            FailureKind.Configuration,
            $"Layer '{old.Name}' has the V0 type '{old.Type}', which is unknown. {advice}",
            SourcePlaces.OfField(old, "type"));
    }
}
