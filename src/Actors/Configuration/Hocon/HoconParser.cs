using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>Turns HOCON text into nodes. Included files are read on the way; substitutions stay as they are.</summary>
internal sealed class HoconParser
{
    /// <summary>How deep objects, lists and paths may nest together.</summary>
    public const int MaxDepth = 128;

    private readonly HoconScanner _scanner;
    private readonly HoconIncludes _includes;

    // Null inside lists, whose elements no path can reach.
    private IReadOnlyList<string>? _path;
    private int _depth;

    public HoconParser(string text, HoconSource source, HoconIncludes includes)
    {
        _scanner = new HoconScanner(text, source);
        _includes = includes;
        _path = includes.Home;
    }

    /// <summary>Reads a whole file: an object whose outer braces may be left out.</summary>
    public ObjectNode ParseFile()
    {
        _scanner.SkipLines();
        var root = new ObjectNode(_scanner.Place);
        if (_scanner.Current == '[')
            throw _scanner.Error("a configuration is an object (keys and values), not a list");
        if (_scanner.Take('{'))
        {
            ParseFields(root, root.Place);
            _scanner.SkipLines();
        }
        else
        {
            ParseFields(root, null);
        }

        if (_scanner.Current == '}')
            throw _scanner.Error("this '}' closes nothing");
        return _scanner.AtEnd ? root : throw _scanner.Unexpected("the end of the file");
    }

    /// <summary>Reads one value that is the whole text; an empty text is the empty string.</summary>
    public HoconNode ParseWholeValue()
    {
        _scanner.SkipLines();
        if (_scanner.AtEnd)
            return new ScalarNode(HoconScalar.Quoted("", _scanner.Place));
        HoconNode value = ParseValue("a value");
        _scanner.SkipLines();
        return _scanner.AtEnd ? value : throw _scanner.Unexpected("the end of the value");
    }

    private void ParseFields(ObjectNode target, SourcePlace? opened)
    {
        while (true)
        {
            _scanner.SkipLines();
            if (_scanner.AtEnd)
            {
                if (opened is { } place)
                    throw _scanner.Error("the '{' that opens here is never closed", place);
                return;
            }

            if (_scanner.Current == '}')
            {
                if (opened is not null)
                    _scanner.Advance();
                return;
            }

            string before = ParseField(target);
            if (!PassSeparator('}'))
                throw _scanner.Unexpected($"a comma or a new line after {before}");
        }
    }

    // Fields and list items stand apart by a comma, a line end, or both.
    private bool PassSeparator(char closing)
    {
        bool newLine = _scanner.SkipLines();
        bool comma = _scanner.Take(',');
        return newLine || comma || _scanner.AtEnd || _scanner.Current == closing;
    }

    private string ParseField(ObjectNode target)
    {
        if (_scanner.LookingAtWord("include"))
        {
            _includes.Parse(_scanner, target, _path);
            return "the include";
        }

        if (_scanner.Current == ',')
            throw _scanner.Error("there is nothing before this comma");
        if (_scanner.Current == '$')
            throw _scanner.Error("a key cannot be a substitution");
        IReadOnlyList<PathKey> keys = HoconPathReader.Read(_scanner);
        string written = $"'{HoconText.Path(keys.Select(key => key.Name))}'";
        _scanner.SkipLines();
        bool append = _scanner.Looking("+=");
        if (append)
            _scanner.Advance(2);
        else if (!_scanner.Take('=') && !_scanner.Take(':') && _scanner.Current != '{')
            throw _scanner.Error($"the key {written} has no value: write {written[1..^1]} = ...", keys[0].Place);
        _scanner.SkipLines();

        IReadOnlyList<string>? outer = _path;
        _path = outer is null ? null : [.. outer, .. keys.Select(key => key.Name)];
        Descend(keys.Count - 1, keys[0].Place);
        HoconNode value = ParseValue($"the value of {written}");
        _depth -= keys.Count - 1;
        if (append)
            value = Appended(value, _path ?? throw _scanner.Error("+= cannot be used inside a list", keys[0].Place));
        _path = outer;
        Define(target, keys, value);
        return $"the value of {written}";
    }

    // What `a += b` stands for: a = ${?a} [b].
    private static ConcatNode Appended(HoconNode item, IReadOnlyList<string> path)
    {
        var list = new ArrayNode(item.Place);
        list.Items.Add(item);
        return new ConcatNode([new SubstitutionNode(path, [], optional: true, item.Place) { IsAppend = true }, list]);
    }

    private static void Define(ObjectNode target, IReadOnlyList<PathKey> keys, HoconNode value)
    {
        for (int i = keys.Count - 1; i > 0; i--)
        {
            var inner = new ObjectNode(keys[i].Place);
            inner.Add(keys[i].Name, new Definition(value, keys[i].Place));
            value = inner;
        }

        target.Add(keys[0].Name, new Definition(value, keys[0].Place));
    }

    private HoconNode ParseValue(string expected)
    {
        var parts = new List<HoconNode>();
        while (true)
        {
            SourcePlace place = _scanner.Place;
            string blanks = _scanner.SkipBlanks();
            HoconNode? part = ParsePart();
            if (part is null)
                break;
            if (parts.Count > 0 && blanks.Length > 0)
                parts.Add(new BlankNode(blanks, place));
            parts.Add(part);
        }

        return parts.Count switch
        {
            0 => throw _scanner.Unexpected(expected),
            1 => parts[0],
            _ when parts.All(part => part is ScalarNode or BlankNode) => new ScalarNode(HoconScalar.Quoted(
                string.Concat(parts.Select(
                part => part is BlankNode blank ? blank.Text : ((ScalarNode)part).Value.Text)),
                parts[0].Place)),
            _ => new ConcatNode(parts),
        };
    }

    private HoconNode? ParsePart()
    {
        SourcePlace place = _scanner.Place;
        if (_scanner.Current == '{')
            return ParseObject();
        if (_scanner.Current == '[')
            return ParseArray();
        if (_scanner.Current == '"')
            return new ScalarNode(HoconScalar.Quoted(_scanner.ReadQuoted(), place));
        if (_scanner.Current == '$')
            return ParseSubstitution();
        return _scanner.AtUnquoted
            ? new ScalarNode(HoconScalar.Unquoted(_scanner.ReadUnquoted(inPath: false), place))
            : null;
    }

    private ObjectNode ParseObject()
    {
        var node = new ObjectNode(_scanner.Place);
        Descend(1, node.Place);
        _scanner.Advance();
        ParseFields(node, node.Place);
        _depth--;
        return node;
    }

    private ArrayNode ParseArray()
    {
        var node = new ArrayNode(_scanner.Place);
        Descend(1, node.Place);
        _scanner.Advance();
        IReadOnlyList<string>? outer = _path;
        _path = null;
        while (true)
        {
            _scanner.SkipLines();
            if (_scanner.AtEnd)
                throw _scanner.Error("the '[' that opens here is never closed", node.Place);
            if (_scanner.Take(']'))
                break;
            if (_scanner.Current == ',')
                throw _scanner.Error("there is nothing before this comma");
            node.Items.Add(ParseValue("an element of the list"));
            if (!PassSeparator(']'))
                throw _scanner.Unexpected("a comma, a new line or ']' after an element of the list");
        }

        _path = outer;
        _depth--;
        return node;
    }

    private SubstitutionNode ParseSubstitution()
    {
        SourcePlace place = _scanner.Place;
        if (!_scanner.Looking("${"))
            throw _scanner.Unexpected("a value");
        _scanner.Advance(2);
        bool optional = _scanner.Take('?');
        IReadOnlyList<PathKey> keys = HoconPathReader.Read(_scanner);
        if (_scanner.AtEnd || _scanner.Current == '\n' || _scanner.AtComment)
            throw _scanner.Error("the '${' that opens here is never closed", place);
        if (!_scanner.Take('}'))
            throw _scanner.Unexpected("the '}' of a substitution");
        Descend(keys.Count, place);
        _depth -= keys.Count;
        return new SubstitutionNode([.. keys.Select(key => key.Name)], _includes.Home, optional, place);
    }

    private void Descend(int levels, SourcePlace place)
    {
        _depth += levels;
        if (_depth > MaxDepth)
            throw _scanner.Error($"objects, lists and paths nest deeper than {MaxDepth} levels here", place);
    }
}
