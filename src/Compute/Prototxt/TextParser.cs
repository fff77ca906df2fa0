using System.Collections;
using CaffeActors.Compute.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Prototxt;

/// <summary>Reads the fields of one text into one message.</summary>
/// <param name="text">The text.</param>
/// <param name="origin">Where it begins in the user's file.</param>
/// <param name="replaceRepeated">Whether repeated fields named in the text lose the items they had before.</param>
/// <param name="problem">Hears of fields at fault, which are then left out; null, the default: the first ends the
/// reading. Where it is unclear how the text goes on, the reading ends in any case.</param>
internal sealed class TextParser(
    string text, SourcePlace origin, bool replaceRepeated, Action<TextProblem>? problem = null)
{
    private readonly Tokenizer _tokens = new(text, origin);
    private readonly List<OpenMessage> _open = [];
    private ScalarReader? _scalars;

    // Whether a closing brace seems to be missing: all that follows would be misread.
    private bool _lost;

    private ScalarReader Scalars => _scalars ??= new ScalarReader(_tokens);

    /// <summary>Reads the whole text.</summary>
    public void ReadInto(IMessage target) => ReadFields(target, origin, close: '\0');

    // Whether a fault is one field's alone, and to be told of instead of thrown.
    private bool CanGoOn(CaffeException fault) =>
        problem is not null && !_lost && fault.Code is ErrorCodes.UnknownField or ErrorCodes.BadFieldValue;

    private static CaffeException Syntax(SourcePlace place, string message) =>
        new(ErrorCodes.TextFormatSyntax, FailureKind.Configuration, message, place);

    private static CaffeException BadValue(SourcePlace place, string message) =>
        new(ErrorCodes.BadFieldValue, FailureKind.Configuration, message, place);

    private void ReadFields(IMessage message, SourcePlace opened, char close)
    {
        if (_open.Count > TextFormat.MaxDepth)
            throw Syntax(opened, $"Messages lie more than {TextFormat.MaxDepth} deep in each other here.");
        _open.Add(new OpenMessage(message.Descriptor, opened));
        var places = new FieldPlaces();
        while (!TryClose(message, opened, close))
        {
            TokenizerMark field = _tokens.Mark();
            int depth = _open.Count;
            try
            {
                ReadField(message, places);
            }
            catch (CaffeException fault) when (CanGoOn(fault))
            {
                Tell(fault);
                _open.RemoveRange(depth, _open.Count - depth);
                _tokens.Return(field);
                SkipField();
            }
        }

        _open.RemoveAt(_open.Count - 1);
        CheckRequired(message, opened);
        SourcePlaces.Record(message, opened, places);
    }

    private bool TryClose(IMessage message, SourcePlace opened, char close)
    {
        Token token = _tokens.Current;
        if (token.Kind == TokenKind.End)
        {
            return close == '\0'
                ? true
                : throw Syntax(opened, $"This {message.Descriptor.Name} is never closed: a '{close}' is missing.");
        }

        if (!_tokens.Is('}') && !_tokens.Is('>'))
            return false;
        if (close == '\0')
            throw Syntax(token.Place, $"This {_tokens.Shown} closes nothing: there is one too many, here or above.");
        if (!_tokens.TryTake(close))
        {
            throw Syntax(
                token.Place,
                $"The {message.Descriptor.Name} of line {opened.Line} is closed with '{close}', not {_tokens.Shown}.");
        }

        return true;
    }

    private void ReadField(IMessage message, FieldPlaces places)
    {
        Token token = _tokens.Current;
        if (_tokens.Is('['))
            throw Syntax(token.Place, "Extensions and Any ('[...]' as a field's name) are no part of Caffe's schema.");
        if (token.Kind != TokenKind.Identifier)
            throw Syntax(token.Place, $"A field's name should stand here, not {_tokens.Shown}.");
        string name = _tokens.Span.ToString();
        FieldDescriptor? field = message.Descriptor.FindFieldByName(name);
        if (field is null)
        {
            _lost = _open.SkipLast(1).Any(outer => outer.Descriptor.FindFieldByName(name) is not null);
            throw UnknownField.Fault(name, token.Place, _open);
        }

        if (!field.IsRepeated && places.TryGetValue((name, 0), out SourcePlace first))
            throw BadValue(token.Place, $"'{name}' takes one value and has one already, in line {first.Line}.");
        _tokens.Next();

        // Only messages may go without the colon.
        bool isMessage = field.FieldType == FieldType.Message;
        if (!_tokens.TryTake(':') && !isMessage)
            throw Syntax(_tokens.Current.Place, $"A ':' and a value should follow '{name}', not {_tokens.Shown}.");
        if (field.IsMap)
            throw new NotSupportedException($"{field.FullName} is a map: text format here has none.");
        if (field.IsRepeated)
            ReadRepeated(message, field, token.Place, places);
        else
            ReadSingle(message, field, token.Place, places);
        SkipSeparator();
    }

    private void SkipSeparator() => _ = _tokens.TryTake(',') || _tokens.TryTake(';');

    // From a field's name to the next field.
    private void SkipField()
    {
        SourcePlace start = _tokens.Current.Place;
        _tokens.Next();
        _tokens.TryTake(':');
        int depth = 0;
        do
        {
            // A sign belongs to the number behind it.
            _tokens.TryTake('-');
            if (_tokens.Is('{') || _tokens.Is('<') || _tokens.Is('['))
                depth++;
            else if (_tokens.Is('}') || _tokens.Is('>') || _tokens.Is(']'))
                depth--;
            if (depth < 0 || _tokens.Current.Kind == TokenKind.End)
                throw Syntax(start, "This field has no value, or one that is never closed.");
            // Strings one after another are one.
            bool isText = _tokens.Current.Kind == TokenKind.String;
            _tokens.Next();
            while (isText && _tokens.Current.Kind == TokenKind.String)
                _tokens.Next();
        }
        while (depth > 0);
        SkipSeparator();
    }

    private void ReadSingle(IMessage message, FieldDescriptor field, SourcePlace place, FieldPlaces places)
    {
        if (_tokens.Is('['))
            throw BadValue(_tokens.Current.Place, $"'{field.Name}' takes one value, not a list.");
        places.Add((field.Name, 0), place);
        if (field.FieldType != FieldType.Message)
        {
            field.Accessor.SetValue(message, Scalars.Read(field));
            return;
        }

        IMessage child = field.Accessor.GetValue(message) as IMessage ?? NewMessage(field);
        ReadMessage(child, field, place);
        field.Accessor.SetValue(message, child);
    }

    private void ReadRepeated(IMessage message, FieldDescriptor field, SourcePlace place, FieldPlaces places)
    {
        var list = (IList)field.Accessor.GetValue(message);
        if (replaceRepeated && !places.ContainsKey((field.Name, 0)))
            list.Clear();
        if (!_tokens.TryTake('['))
        {
            ReadItem(list, field, place, places);
            return;
        }

        if (_tokens.TryTake(']'))
            return;
        do
            ReadItem(list, field, _tokens.Current.Place, places);
        while (_tokens.TryTake(','));
        if (!_tokens.TryTake(']'))
        {
            throw Syntax(
                _tokens.Current.Place,
                $"The list of '{field.Name}' goes on with ',' or ends with ']', not {_tokens.Shown}.");
        }
    }

    private void ReadItem(IList list, FieldDescriptor field, SourcePlace place, FieldPlaces places)
    {
        // Lists of numbers can be long, and only the whole of them can be wrong.
        int index = list.Count;
        // An item before it that was at fault has left its place.
        if (index == 0 || field.FieldType is FieldType.Message or FieldType.String)
            places[(field.Name, index)] = place;
        if (field.FieldType != FieldType.Message)
        {
            list.Add(Scalars.Read(field));
            return;
        }

        IMessage item = NewMessage(field);
        ReadMessage(item, field, place);
        list.Add(item);
    }

    private void ReadMessage(IMessage message, FieldDescriptor field, SourcePlace place)
    {
        char close = _tokens.Is('{') ? '}' : _tokens.Is('<') ? '>' : '\0';
        if (close == '\0')
        {
            throw BadValue(
                _tokens.Current.Place,
                $"'{field.Name}' takes a {field.MessageType.Name} in '{{ }}', not {_tokens.Shown}.");
        }

        _tokens.Next();
        ReadFields(message, place, close);
    }

    private static IMessage NewMessage(FieldDescriptor field) =>
        field.MessageType.Parser.ParseFrom(ReadOnlySpan<byte>.Empty);

    private void CheckRequired(IMessage message, SourcePlace opened)
    {
        foreach (FieldDescriptor field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (!field.IsRequired || field.Accessor.HasValue(message))
                continue;
            CaffeException fault = BadValue(
                opened, $"A {message.Descriptor.Name} must have '{field.Name}', and this one has not.");
            if (problem is null)
                throw fault;
            Tell(fault);
        }
    }

    private void Tell(CaffeException fault) =>
        problem!(new TextProblem(fault, _open.Count > 1 ? _open[1].Place : null));
}
