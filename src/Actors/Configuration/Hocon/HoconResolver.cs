using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>
/// Resolves a document. A value is looked for lazily, element by element of its path, so that objects may refer to
/// parts of each other and of themselves. A substitution sees the final value of its path, except that one that
/// leads back to the setting it stands in sees what that key was set to before ("looking back"):
/// <c>path = ${path} [x]</c>. What stands inside an object or a list always looks forward.
/// </summary>
/// <remarks>
/// <see cref="HoconTrail"/> carries the settings being worked out since the last object or list was entered: they and
/// what
/// overrides them are left out of lookups. <see cref="_open"/> holds all that are being worked out: to come to one of
/// them again is a circle.
/// </remarks>
internal sealed class HoconResolver(IReadOnlyList<ObjectNode> root, Func<string, string?> environment)
{
    // Deeper than any sensible chain of substitutions, and shallow enough for the smallest of stacks.
    private const int MaxDepth = 300;
    private const int MaxSteps = 500_000;
    private const int MaxCharacters = 16 << 20;

    private readonly List<HoconNode> _open = [];
    private readonly Dictionary<SubstitutionNode, HoconValue?> _resolved = [];
    private int _depth;
    private int _steps;
    private int _characters;

    public HoconObject Resolve() => ResolveObject(root);

    // Lowest first; the keys in the order in which they were first written.
    private HoconObject ResolveObject(IReadOnlyList<ObjectNode> layers)
    {
        var result = new HoconObject(layers[^1].Place);
        foreach (string key in layers.SelectMany(layer => layer.Fields.Keys).Distinct())
        {
            List<Definition> definitions = DefinitionsOf(layers, key);
            if (ResolveSettings(definitions, HoconTrail.Empty, out int top) is { } value)
                result.Add(key, value, definitions[top].KeyPlace);
            else
                result.AddUndefined(key, definitions[^1].KeyPlace);
        }

        return result;
    }

    private static List<Definition> DefinitionsOf(IReadOnlyList<ObjectNode> layers, string key)
    {
        var definitions = new List<Definition>();
        foreach (ObjectNode layer in layers)
        {
            if (layer.Fields.TryGetValue(key, out List<Definition>? own))
                definitions.AddRange(own);
        }

        return definitions;
    }

    // The value of a key from all that it was set to; null where that is undefined.
    private HoconValue? ResolveSettings(List<Definition> definitions, HoconTrail trail, out int top)
    {
        Enter(definitions.Count > 0 ? definitions[^1].Node.Place : default);
        HoconValue? value = ResolveShape(definitions, ShapeOf(definitions, trail), trail, out top);
        _depth--;
        return value;
    }

    private HoconValue? ResolveShape(List<Definition> definitions, HoconShape shape, HoconTrail trail, out int top)
    {
        top = shape.Top;
        return shape.Layers is { } layers
            ? ResolveMerged(definitions, layers)
            : shape.IsUndefined ? null : ResolveSimple(definitions[shape.Top].Node, trail);
    }

    private HoconObject ResolveMerged(List<Definition> definitions, List<ObjectNode> layers)
    {
        int before = _open.Count;
        foreach (Definition definition in definitions)
        {
            if (definition.Node is SubstitutionNode or ConcatNode)
                Open(definition.Node);
        }

        HoconObject value = ResolveObject(layers);
        _open.RemoveRange(before, _open.Count - before);
        return value;
    }

    // A node that is known to be defined and no object.
    private HoconValue? ResolveSimple(HoconNode node, HoconTrail trail)
    {
        switch (node)
        {
            case ScalarNode scalar:
                return scalar.Value;
            case ArrayNode array:
                return ResolveArray(array);
            case SubstitutionNode substitution:
                return ResolveSubstitution(substitution, trail);
            case ConcatNode concat:
                Open(node);
                HoconValue? value = Join(concat, trail.With(concat));
                _open.Remove(node);
                return value;
            default:
                throw new InvalidOperationException($"{node.GetType().Name} at {node.Place} is no simple value.");
        }
    }

    private HoconArray ResolveArray(ArrayNode array)
    {
        var items = new List<HoconValue>(array.Items.Count);
        foreach (HoconNode item in array.Items)
        {
            if (ResolveSettings([new Definition(item, item.Place)], HoconTrail.Empty, out _) is { } value)
                items.Add(value);
        }

        return new HoconArray(items, array.Place);
    }

    // Only what is no object comes here; an object's layers are merged with others first.
    private HoconValue? ResolveSubstitution(SubstitutionNode node, HoconTrail trail)
    {
        if (_resolved.TryGetValue(node, out HoconValue? value))
            return value;
        Open(node);
        trail = trail.With(node);
        Enter(node.Place);
        Found found = LookUp(node, trail);
        value = found.Definitions is { } definitions
            ? ResolveShape(definitions, found.Shape, trail, out _)
            : FromEnvironment(node, found.LookedBack, trail);
        _depth--;
        _open.Remove(node);
        return _resolved[node] = value;
    }

    private HoconValue? Join(ConcatNode concat, HoconTrail trail)
    {
        var parts = new List<(HoconNode Node, HoconValue? Value)>();
        foreach (HoconNode part in concat.Parts)
        {
            if (part is BlankNode)
                parts.Add((part, null));
            else if (ResolveSettings([new Definition(part, part.Place)], trail, out _) is { } value)
                parts.Add((part, value));
        }

        if (!parts.Any(part => part.Value is HoconArray))
            return HoconScalar.Quoted(JoinText(parts, concat.Place), concat.Place);
        var items = new List<HoconValue>();
        foreach ((HoconNode node, HoconValue? value) in parts)
        {
            if (value is HoconArray array)
                items.AddRange(array.Items);
            else if (value is not null)
                throw Mixed(node, value.Described, "a list");
        }

        Charge(items.Count, concat.Place);
        return new HoconArray(items, concat.Place);
    }

    private string JoinText(List<(HoconNode Node, HoconValue? Value)> parts, SourcePlace place)
    {
        var text = new StringBuilder();
        foreach ((HoconNode node, HoconValue? value) in parts)
        {
            text.Append(node switch
            {
                BlankNode blank => blank.Text,
                _ => value is HoconScalar scalar ? scalar.Text : throw Mixed(node, value!.Described, "a simple value"),
            });
            if (text.Length > MaxCharacters)
                break;
        }

        Charge(text.Length, place);
        return text.ToString();
    }

    // What the settings of a key amount to, without working out more than that takes: the objects to be merged
    // (lowest first) or the index of the setting that is no object; neither where all is undefined.
    private HoconShape ShapeOf(List<Definition> definitions, HoconTrail trail)
    {
        List<ObjectNode>? layers = null;
        int top = -1;
        for (int i = definitions.Count - 1; i >= 0; i--)
        {
            HoconShape shape = ShapeOf(definitions[i].Node, trail);
            if (shape.IsUndefined)
                continue;
            if (top < 0)
                top = i;
            if (shape.Layers is null)
                return layers is null ? new HoconShape(i, null) : new HoconShape(top, layers);
            layers = HoconShape.Over(layers ?? [], shape.Layers);
            if (shape.Includes(definitions, i))
                break;
        }

        return new HoconShape(top, layers);
    }

    private HoconShape ShapeOf(HoconNode node, HoconTrail trail)
    {
        Enter(node.Place);
        HoconShape shape = node switch
        {
            ObjectNode single => new HoconShape(0, [single]),
            SubstitutionNode substitution => ShapeOf(substitution, trail.With(substitution)),
            ConcatNode concat => ShapeOf(concat, trail.With(concat)),
            _ => new HoconShape(0, null),
        };
        _depth--;
        return shape;
    }

    private HoconShape ShapeOf(SubstitutionNode node, HoconTrail trail)
    {
        if (_resolved.TryGetValue(node, out HoconValue? known))
            return known is null ? HoconShape.Undefined : new HoconShape(0, null);
        Found found = LookUp(node, trail);
        if (found.Definitions is not null)
            return found.Shape with { Included = found.Definitions };
        return FromEnvironment(node, found.LookedBack, trail) is null ? HoconShape.Undefined : new HoconShape(0, null);
    }

    private HoconShape ShapeOf(ConcatNode concat, HoconTrail trail)
    {
        List<ObjectNode>? layers = null;
        List<Definition>? included = null;
        HoconNode? simple = null;
        foreach (HoconNode part in concat.Parts.Where(part => part is not BlankNode))
        {
            HoconShape shape = ShapeOf(part, trail);
            if (shape.IsUndefined)
                continue;
            if (shape.Layers is not null)
                (layers, included) = (HoconShape.Over(shape.Layers, layers ?? []), included ?? shape.Included);
            else
                simple ??= part;
        }

        if (layers is not null && simple is not null)
            throw Mixed(simple, simple is ArrayNode ? "a list" : "a simple value", "an object");
        return layers is null && simple is null ? HoconShape.Undefined : new HoconShape(0, layers, included);
    }

    // All that the path of a substitution was set to, without what is being worked out.
    private Found LookUp(SubstitutionNode node, HoconTrail trail)
    {
        Found local = node.Home.Count > 0 ? LookUp([.. node.Home, .. node.Keys], trail) : default;
        if (local.Definitions is not null)
            return local;
        Found found = LookUp(node.Keys, trail);
        return found with { LookedBack = found.LookedBack || local.LookedBack };
    }

    private Found LookUp(IReadOnlyList<string> keys, HoconTrail trail)
    {
        IReadOnlyList<ObjectNode> layers = root;
        bool lookedBack = false;
        for (int i = 0; ; i++)
        {
            List<Definition> definitions = DefinitionsOf(layers, keys[i]);
            int working = definitions.FindIndex(definition => trail.Contains(definition.Node));
            if (working >= 0)
            {
                lookedBack = true;
                definitions.RemoveRange(working, definitions.Count - working);
            }

            HoconShape shape = ShapeOf(definitions, trail);
            bool last = i == keys.Count - 1;
            if (shape.IsUndefined || (!last && shape.Layers is null))
                return new Found(null, shape, lookedBack);
            if (last)
                return new Found(definitions, shape, lookedBack);
            layers = shape.Layers!;
        }
    }

    private HoconScalar? FromEnvironment(SubstitutionNode node, bool lookedBack, HoconTrail trail)
    {
        string name = string.Join('.', node.Keys);
        if (!node.IsAppend && environment(name) is { } value)
            return HoconScalar.Quoted(value, node.Place, name);
        if (node.Optional)
            return null;
        if (lookedBack)
            throw Circle(trail.Nodes, node);
        string? near = Nearest.Of(name, HoconPaths.Of(root));
        throw Unresolved(
            $"{node} leads nowhere: there is neither such a key nor an environment variable '{name}'"
            + (near is null ? "" : $"; did you mean ${{{near}}}?")
            + " (${?...} may be missing)", node.Place);
    }

    private void Open(HoconNode node)
    {
        if (_open.Contains(node))
            throw Circle(_open.SkipWhile(open => open != node), node);
        _open.Add(node);
    }

    private void Enter(SourcePlace place)
    {
        if (++_depth > MaxDepth)
            throw Unresolved($"substitutions lead through more than {MaxDepth} steps here", place);
        if (++_steps > MaxSteps)
            throw Unresolved("substitutions make the configuration grow beyond all measure", place);
    }

    private void Charge(int size, SourcePlace place)
    {
        _characters += size;
        if (_characters > MaxCharacters)
            throw Unresolved("substitutions make the configuration grow beyond all measure", place);
    }

    private static CaffeException Circle(IEnumerable<HoconNode> nodes, HoconNode closing)
    {
        IEnumerable<string> steps = nodes.SelectMany(SubstitutionsIn).Distinct()
            .Select(node => $"{node} at {node.Place}");
        return Unresolved($"substitutions go in a circle: {string.Join(", then ", steps)}", closing.Place);
    }

    private static IEnumerable<SubstitutionNode> SubstitutionsIn(HoconNode node) => node switch
    {
        SubstitutionNode single => [single],
        ConcatNode concat => concat.Parts.OfType<SubstitutionNode>(),
        _ => [],
    };

    private static CaffeException Mixed(HoconNode node, string what, string other) => new(
        ErrorCodes.HoconSyntax, FailureKind.Configuration,
        $"{what} stands side by side with {other}; they cannot be joined (is a comma or a line end missing?)",
        node.Place);

    private static CaffeException Unresolved(string message, SourcePlace place) =>
        new(ErrorCodes.Unresolved, FailureKind.Configuration, message, place);

    // Definitions is null where the path has no value.
    private readonly record struct Found(List<Definition>? Definitions, HoconShape Shape, bool LookedBack);
}
