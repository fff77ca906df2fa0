using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Building;

/// <summary>Makes a net's message of layers that know their bottoms: names them, and puts each after what it
/// reads.</summary>
internal sealed class NetSpecWriter
{
    private readonly Dictionary<SpecTop, string> _names = [];
    private readonly Dictionary<string, int> _numbers = [];
    private readonly Dictionary<SpecLayer, LayerParameter> _written = [];
    private readonly HashSet<string> _layers = [];
    private readonly NetParameter _net = new();

    public NetSpecWriter(IEnumerable<KeyValuePair<string, SpecTop>> named)
    {
        foreach ((string name, SpecTop top) in named)
            _names[top] = name;
    }

    /// <summary>Writes the net.</summary>
    public NetParameter Write(string name, IReadOnlyList<SpecTop> tops, IReadOnlyList<SpecLayer> more)
    {
        if (name.Length > 0)
            _net.Name = name;
        foreach (SpecTop top in tops)
            Write(top.Layer);
        foreach (SpecLayer layer in more)
            Write(layer);
        return _net;
    }

    // Depth first, with a stack of its own: a net may be thousands of layers deep.
    private void Write(SpecLayer wanted)
    {
        var waiting = new Stack<SpecLayer>([wanted]);
        while (waiting.TryPeek(out SpecLayer? layer))
        {
            SpecLayer[] missing =
                [.. layer.Bottoms.Select(bottom => bottom.Layer).Where(below => !_written.ContainsKey(below))];
            if (missing.Length == 0)
            {
                waiting.Pop();
                if (!_written.ContainsKey(layer))
                    Append(layer);
                continue;
            }

            foreach (SpecLayer below in missing.Reverse())
                waiting.Push(below);
        }
    }

    private void Append(SpecLayer layer)
    {
        LayerParameter parameter = layer.Parameter.Clone();
        parameter.Bottom.Clear();
        parameter.Bottom.AddRange(layer.Bottoms.Select(bottom => _written[bottom.Layer].Top[bottom.Index]));
        parameter.Top.Clear();
        if (layer.InPlace && layer.Tops.Count > layer.Bottoms.Count)
        {
            throw Fail($"a {parameter.Type} layer in place has {layer.Bottoms.Count} bottom(s) for "
                + $"{layer.Tops.Count} top(s)");
        }

        foreach (SpecTop top in layer.Tops)
            parameter.Top.Add(layer.InPlace ? parameter.Bottom[top.Index] : NameOf(top));
        if (!parameter.HasName)
            parameter.Name = layer.Tops.Count > 0 ? NameOf(layer.Tops[0]) : Numbered(parameter.Type);
        if (!_layers.Add(parameter.Name))
            throw Fail($"two layers are called '{parameter.Name}'");
        _written.Add(layer, parameter);
        _net.Layer.Add(parameter);
    }

    private string NameOf(SpecTop top)
    {
        if (!_names.TryGetValue(top, out string? name))
            _names.Add(top, name = Numbered(top.Layer.Parameter.Type));
        return name;
    }

    private string Numbered(string type)
    {
        int number = _numbers.GetValueOrDefault(type) + 1;
        _numbers[type] = number;
        return $"{type}{number}";
    }

    private static CaffeException Fail(string message) =>
        new(ErrorCodes.BadNet, FailureKind.Configuration, message);
}
