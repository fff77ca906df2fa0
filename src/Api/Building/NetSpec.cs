using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Building;

/// <summary>
/// Builds nets in C#:
/// <code>
/// var n = new NetSpec("small");
/// n["data"] = n.Input(1, 1, 28, 28);
/// n["conv1"] = n.Convolution(n["data"], p => { p.NumOutput = 20; p.KernelSize.Add(5); });
/// n["relu1"] = n.ReLU(n["conv1"], inPlace: true);
/// NetParameter net = n.ToProto();
/// </code>
/// A layer is called as its first top is. Tops without a name of their own are called after their type and number
/// them: Convolution1. There is a method for each of Caffe's types with their parameters; <see cref="Layer"/> makes
/// any type.
/// </summary>
/// <param name="name">The net's name.</param>
public sealed partial class NetSpec(string name = "")
{
    private readonly OrderedDictionary<string, SpecTop> _named = [];
    private readonly List<SpecLayer> _withoutTops = [];

    /// <summary>The net's name.</summary>
    public string Name => name;

    /// <summary>The blob of a name.</summary>
    /// <exception cref="CaffeException">There is none yet.</exception>
    public SpecTop this[string top]
    {
        get => _named.TryGetValue(top, out SpecTop? found) ? found : throw new CaffeException(
            ErrorCodes.BadConnection, FailureKind.Configuration, $"nothing is called '{top}' yet"
            + (Nearest.Of(top, _named.Keys) is { } near ? $"; did you mean '{near}'?" : ""));
        set => _named[top] = value;
    }

    /// <summary>Makes a layer of any type, those of plugged-in libraries included.</summary>
    /// <param name="type">The type string.</param>
    /// <param name="bottoms">What it reads.</param>
    /// <param name="configure">Sets fields of the layer's message: parameters, <c>param</c>, <c>include</c>,
    /// <c>loss_weight</c>.</param>
    /// <param name="tops">Number of tops. Default 1.</param>
    /// <param name="inPlace">Whether its tops are its bottoms' blobs. Default false.</param>
    public SpecLayer Layer(
        string type, IReadOnlyList<SpecTop> bottoms, Action<LayerParameter>? configure = null, int tops = 1,
        bool inPlace = false)
    {
        var parameter = new LayerParameter { Type = type };
        configure?.Invoke(parameter);
        var layer = new SpecLayer(parameter, bottoms, tops, inPlace);
        if (tops == 0)
            _withoutTops.Add(layer);
        return layer;
    }

    /// <summary>Makes the net of all named blobs and what they need, in the order in which they were named; layers
    /// without tops come last.</summary>
    /// <exception cref="CaffeException">Two layers got one name, or an in-place layer has not one bottom for each
    /// top.</exception>
    public NetParameter ToProto() => new NetSpecWriter(_named).Write(name, [.. _named.Values], _withoutTops);

    /// <summary>The net as prototxt.</summary>
    /// <exception cref="CaffeException">See <see cref="ToProto()"/>.</exception>
    public string ToText() => TextFormat.Print(ToProto());

    /// <summary>Makes a net of some blobs and what they need, all called after their types.</summary>
    public static NetParameter ToProto(params ReadOnlySpan<SpecTop> tops) =>
        new NetSpecWriter([]).Write("", tops.ToArray(), []);
}
