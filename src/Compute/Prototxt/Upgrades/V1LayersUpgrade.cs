using System.Collections;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using Google.Protobuf.Collections;
using Google.Protobuf.Reflection;
using LayerType = CaffeActors.Compute.Schema.V1LayerParameter.Types.LayerType;

namespace CaffeActors.Compute.Prototxt.Upgrades;

/// <summary>
/// V1 layers (<c>layers</c>, type an enum) to today's (<c>layer</c>, type a string). Names, multipliers and share
/// modes of parameters, which V1 keeps in four lists, become <c>param</c> messages; all else has its namesake.
/// </summary>
internal static class V1LayersUpgrade
{
    private static readonly Dictionary<LayerType, string> _typeNames = new()
    {
        [LayerType.None] = "",
        [LayerType.Absval] = "AbsVal",
        [LayerType.Accuracy] = "Accuracy",
        [LayerType.Argmax] = "ArgMax",
        [LayerType.Bnll] = "BNLL",
        [LayerType.Concat] = "Concat",
        [LayerType.ContrastiveLoss] = "ContrastiveLoss",
        [LayerType.Convolution] = "Convolution",
        [LayerType.Data] = "Data",
        [LayerType.Deconvolution] = "Deconvolution",
        [LayerType.Dropout] = "Dropout",
        [LayerType.DummyData] = "DummyData",
        [LayerType.EuclideanLoss] = "EuclideanLoss",
        [LayerType.Eltwise] = "Eltwise",
        [LayerType.Exp] = "Exp",
        [LayerType.Flatten] = "Flatten",
        [LayerType.Hdf5Data] = "HDF5Data",
        [LayerType.Hdf5Output] = "HDF5Output",
        [LayerType.HingeLoss] = "HingeLoss",
        [LayerType.Im2Col] = "Im2col",
        [LayerType.ImageData] = "ImageData",
        [LayerType.InfogainLoss] = "InfogainLoss",
        [LayerType.InnerProduct] = "InnerProduct",
        [LayerType.Lrn] = "LRN",
        [LayerType.MemoryData] = "MemoryData",
        [LayerType.MultinomialLogisticLoss] = "MultinomialLogisticLoss",
        [LayerType.Mvn] = "MVN",
        [LayerType.Pooling] = "Pooling",
        [LayerType.Power] = "Power",
        [LayerType.Relu] = "ReLU",
        [LayerType.Sigmoid] = "Sigmoid",
        [LayerType.SigmoidCrossEntropyLoss] = "SigmoidCrossEntropyLoss",
        [LayerType.Silence] = "Silence",
        [LayerType.Softmax] = "Softmax",
        [LayerType.SoftmaxLoss] = "SoftmaxWithLoss",
        [LayerType.Split] = "Split",
        [LayerType.Slice] = "Slice",
        [LayerType.Tanh] = "TanH",
        [LayerType.WindowData] = "WindowData",
        [LayerType.Threshold] = "Threshold",
    };

    // A field that both forms have with one name and one type needs no entry anywhere.
    private static readonly (FieldDescriptor Old, FieldDescriptor New)[] _namesakes =
    [
        .. from old in V1LayerParameter.Descriptor.Fields.InDeclarationOrder()
           let today = LayerParameter.Descriptor.FindFieldByName(old.Name)
           where today is not null && today.FieldType == old.FieldType && today.IsRepeated == old.IsRepeated
           where old.FieldType != FieldType.Message || old.MessageType == today.MessageType
           select (old, today),
    ];

    /// <summary>Upgrades the layers of a net.</summary>
    public static void Apply(NetParameter net, UpgradeLog log)
    {
        if (net.Layers.Count == 0)
            return;
        SourcePlace? place = SourcePlaces.OfField(net, "layers");
        foreach (V1LayerParameter layer in net.Layers)
            net.Layer.Add(ToLayer(layer));
        log.Done($"{net.Layers.Count} 'layers' (V1, of 2014) became 'layer'.", place);
        net.Layers.Clear();
    }

    private static LayerParameter ToLayer(V1LayerParameter old)
    {
        LayerParameter layer = new LayerParameter().WithPlaceOf(old);
        foreach ((FieldDescriptor from, FieldDescriptor to) in _namesakes)
        {
            if (from.IsRepeated)
            {
                var items = (IList)to.Accessor.GetValue(layer);
                foreach (object item in (IList)from.Accessor.GetValue(old))
                    items.Add(item);
            }
            else if (from.Accessor.HasValue(old))
            {
                to.Accessor.SetValue(layer, from.Accessor.GetValue(old));
            }
        }

        if (old.HasType)
            layer.Type = TypeName(old);
        AddParams(layer, old);
        return layer;
    }

    private static string TypeName(V1LayerParameter old) =>
        _typeNames.TryGetValue(old.Type, out string? name) ? name : throw new CaffeException(
            ErrorCodes.UnknownLayerType,
            FailureKind.Configuration,
            $"Layer '{old.Name}' has the V1 type {(int)old.Type}, which is unknown.",
            SourcePlaces.OfField(old, "type"));

    private static void AddParams(LayerParameter layer, V1LayerParameter old)
    {
        Spread(old.Param, "param", (spec, name) => spec.Name = name);
        Spread(
            old.BlobShareMode,
            "blob_share_mode",
            (spec, mode) => spec.ShareMode = (ParamSpec.Types.DimCheckMode)mode);
        Spread(old.BlobsLr, "blobs_lr", (spec, rate) => spec.LrMult = rate);
        Spread(old.WeightDecay, "weight_decay", (spec, decay) => spec.DecayMult = decay);

        void Spread<TValue>(RepeatedField<TValue> values, string origin, Action<ParamSpec, TValue> set)
        {
            for (int i = 0; i < values.Count; i++)
            {
                if (i == layer.Param.Count)
                    layer.Param.Add(WithPlaceOfField(new ParamSpec(), old, origin, i));
                set(layer.Param[i], values[i]);
            }
        }
    }

    private static ParamSpec WithPlaceOfField(ParamSpec spec, V1LayerParameter old, string field, int index)
    {
        if (SourcePlaces.OfField(old, field, index) is { } place)
            SourcePlaces.Set(spec, place);
        return spec;
    }
}
