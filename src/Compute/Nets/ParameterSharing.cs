using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Nets;

/// <summary>
/// Collects the learnable blobs of a net. A blob whose <c>param</c> has a name that an earlier one has shares that
/// one's data and diff; all users' gradients meet in the owner's diff.
/// </summary>
internal sealed class ParameterSharing
{
    private readonly List<LearnableParam> _params = [];
    private readonly Dictionary<string, Owner> _owners = [];

    public IReadOnlyList<LearnableParam> Params => _params;

    public void Append(NetLayer layer, Precision precision)
    {
        var ids = new int[layer.Layer.Blobs.Count];
        var owns = new bool[ids.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            ParamSpec spec = i < layer.Layer.Parameter.Param.Count ? layer.Layer.Parameter.Param[i] : new ParamSpec();
            owns[i] = spec.Name.Length == 0 || !_owners.TryGetValue(spec.Name, out Owner? owner);
            ids[i] = owns[i] ? Own(layer.Layer, i, spec, precision) : Share(layer.Layer, i, spec, _owners[spec.Name]);
        }

        layer.LearnableParamIds = ids;
        layer.OwnsParam = owns;
    }

    private int Own(Layer layer, int index, ParamSpec spec, Precision precision)
    {
        int id = _params.Count;
        string display = spec.Name.Length > 0 ? spec.Name : index.ToString();
        _params.Add(new LearnableParam(layer.Blobs[index], spec.LrMult, spec.DecayMult, $"{layer.Name}/{display}")
        {
            Gpu = layer.Gpu,
            HasHalfGradient = precision.Backward == StorageType.Float16,
        });
        if (spec.Name.Length > 0)
            _owners.Add(spec.Name, new Owner(id, layer, index, spec.HasLrMult, spec.HasDecayMult));
        return id;
    }

    private int Share(Layer layer, int index, ParamSpec spec, Owner owner)
    {
        Blob own = owner.Layer.Blobs[owner.Index], blob = layer.Blobs[index];
        bool permissive = spec.ShareMode == ParamSpec.Types.DimCheckMode.Permissive;
        if (permissive ? blob.Count != own.Count : !blob.Shape.SequenceEqual(own.Shape))
        {
            throw Fail(layer, $"param '{spec.Name}' of layer '{owner.Layer.Name}' has the shape {own.ShapeString}, "
                + $"layer '{layer.Name}' that shares it needs {blob.ShapeString}"
                + (permissive ? "" : "; share_mode: PERMISSIVE asks for equal counts only"));
        }

        LearnableParam param = _params[owner.Id];
        if (spec.HasLrMult)
        {
            RequireEqual(layer, spec.Name, "lr_mult", owner.HasLrMult, param.LrMult, spec.LrMult);
            owner.HasLrMult = true;
            param = param with { LrMult = spec.LrMult };
        }

        if (spec.HasDecayMult)
        {
            RequireEqual(layer, spec.Name, "decay_mult", owner.HasDecayMult, param.DecayMult, spec.DecayMult);
            owner.HasDecayMult = true;
            param = param with { DecayMult = spec.DecayMult };
        }

        _params[owner.Id] = param;
        blob.ShareData(own);
        blob.ShareDiff(own);
        return owner.Id;
    }

    private static void RequireEqual(Layer layer, string name, string field, bool given, float known, float value)
    {
        if (given && known != value)
            throw Fail(layer, $"param '{name}' is shared with two values of {field}: {known} and {value}");
    }

    private static CaffeException Fail(Layer layer, string message) =>
        new(ErrorCodes.BadSharing, FailureKind.Configuration, message, SourcePlaces.Of(layer.Parameter));

    private sealed class Owner(int id, Layer layer, int index, bool hasLrMult, bool hasDecayMult)
    {
        public int Id => id;

        public Layer Layer => layer;

        public int Index => index;

        public bool HasLrMult { get; set; } = hasLrMult;

        public bool HasDecayMult { get; set; } = hasDecayMult;
    }
}
