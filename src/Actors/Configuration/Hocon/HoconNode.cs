using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>A value as written, before substitutions are resolved. Nodes are told apart by identity.</summary>
internal abstract class HoconNode(SourcePlace place)
{
    public SourcePlace Place => place;
}

/// <summary>A simple value.</summary>
internal sealed class ScalarNode(HoconScalar value) : HoconNode(value.Place)
{
    public HoconScalar Value => value;
}

/// <summary>Blanks between the parts of a concatenation: they count only between simple values.</summary>
internal sealed class BlankNode(string text, SourcePlace place) : HoconNode(place)
{
    public string Text => text;
}

/// <summary>A list.</summary>
internal sealed class ArrayNode(SourcePlace place) : HoconNode(place)
{
    public List<HoconNode> Items { get; } = [];
}

/// <summary>An object: for each key all that it was set to, in order.</summary>
internal sealed class ObjectNode(SourcePlace place) : HoconNode(place)
{
    public OrderedDictionary<string, List<Definition>> Fields { get; } = [];

    public void Add(string key, Definition definition)
    {
        if (!Fields.TryGetValue(key, out List<Definition>? definitions))
            Fields.Add(key, definitions = []);
        definitions.Add(definition);
    }
}

/// <summary>Values side by side.</summary>
internal sealed class ConcatNode(IReadOnlyList<HoconNode> parts) : HoconNode(parts[0].Place)
{
    public IReadOnlyList<HoconNode> Parts => parts;
}

/// <summary>A reference, <c>${path}</c> or <c>${?path}</c>.</summary>
/// <param name="keys">The path as written.</param>
/// <param name="home">Where the root of its file lies in the whole configuration: the path is looked up there
/// first.</param>
/// <param name="optional">Whether it may lead nowhere.</param>
/// <param name="place">Where it stands.</param>
internal sealed class SubstitutionNode(
    IReadOnlyList<string> keys, IReadOnlyList<string> home, bool optional, SourcePlace place) : HoconNode(place)
{
    public IReadOnlyList<string> Keys => keys;

    public IReadOnlyList<string> Home => home;

    public bool Optional => optional;

    /// <summary>Whether it stands for the earlier value of a <c>+=</c>, which the environment has no part in.</summary>
    public bool IsAppend { get; init; }

    public override string ToString() => $"${{{(optional ? "?" : "")}{HoconText.Path(keys)}}}";
}

/// <summary>One setting of a key.</summary>
/// <param name="Node">What it is set to.</param>
/// <param name="KeyPlace">Where the key stands.</param>
internal readonly record struct Definition(HoconNode Node, SourcePlace KeyPlace);
