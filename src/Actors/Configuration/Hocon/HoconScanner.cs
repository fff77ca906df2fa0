using System.Globalization;
using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>Goes through HOCON text character by character, knows its place, and reads the smallest parts.</summary>
internal sealed class HoconScanner(string text, HoconSource source)
{
    private const char None = '\0';
    private int _at;
    private int _line = 1;
    private int _lineStart;

    public bool AtEnd => _at >= text.Length;

    public char Current => _at < text.Length ? text[_at] : None;

    public SourcePlace Place => source.Place(_line, _at - _lineStart + 1);

    public bool AtComment => Current == '#' || Looking("//");

    // Where an unquoted string must stop.
    public bool AtUnquoted => !AtEnd && !IsReserved(Current) && !IsSpace(Current) && !Looking("//");

    public bool AtBlank => !AtEnd && Current != '\n' && IsSpace(Current);

    public bool Looking(string expected) => string.CompareOrdinal(text, _at, expected, 0, expected.Length) == 0;

    public bool LookingAtWord(string word)
    {
        if (!Looking(word))
            return false;
        int after = _at + word.Length;
        return after >= text.Length || IsReserved(text[after]) || IsSpace(text[after]) || text[after] == '(';
    }

    public void Advance(int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            if (text[_at++] == '\n')
                (_line, _lineStart) = (_line + 1, _at);
        }
    }

    public bool Take(char expected)
    {
        if (AtEnd || Current != expected)
            return false;
        Advance();
        return true;
    }

    /// <summary>Passes blanks but no line end, and returns them.</summary>
    public string SkipBlanks()
    {
        int from = _at;
        while (AtBlank)
            _at++;
        return text[from.._at];
    }

    /// <summary>Passes blanks, comments and line ends.</summary>
    /// <returns>Whether there was a line end.</returns>
    public bool SkipLines()
    {
        bool newLine = false;
        while (true)
        {
            SkipBlanks();
            if (AtComment)
                SkipComment();
            if (!Take('\n'))
                return newLine;
            newLine = true;
        }
    }

    /// <summary>Reads an unquoted string, at least one character where <see cref="AtUnquoted"/>.</summary>
    public string ReadUnquoted(bool inPath)
    {
        int from = _at;
        if (!inPath)
            SkipNumber();
        while ((AtUnquoted && !(inPath && Current == '.')) || (!inPath && AtDeviceColon(from)))
            _at++;
        return text[from.._at];
    }

    // In a value: gpu:0 needs no quotes, as a colon between a letter and a digit can mean nothing else there.
    private bool AtDeviceColon(int from) => !AtEnd && Current == ':' && _at > from && char.IsAsciiLetter(text[_at - 1])
        && _at + 1 < text.Length && char.IsAsciiDigit(text[_at + 1]);

    /// <summary>Reads a string in single or triple double-quotes.</summary>
    public string ReadQuoted() => Looking("\"\"\"") ? ReadTripleQuoted() : ReadJsonString();

    public CaffeException Error(string message, SourcePlace? place = null) =>
        new(ErrorCodes.HoconSyntax, FailureKind.Configuration, message, place ?? Place);

    /// <summary>The error for whatever stands at the present place where something else should.</summary>
    public CaffeException Unexpected(string expected)
    {
        if (AtEnd)
            return Error($"the text ends where {expected} should follow");
        string shown = Current == '\n' ? "the end of the line" : $"'{Rune()}'";
        string advice = IsReserved(Current) && Current is not ('{' or '}' or '[' or ']' or ',' or '"')
            ? "; text with this reserved character must stand in double quotes"
            : "";
        return Error($"{shown} stands where {expected} should{advice}");
    }

    private static bool IsReserved(char c) => c is '$' or '"' or '{' or '}' or '[' or ']' or ':' or '=' or ','
        or '+' or '#' or '`' or '^' or '?' or '!' or '@' or '*' or '&' or '\\';

    private static bool IsSpace(char c) =>
        c is ' ' or (>= '\t' and <= '\r') or (>= '\u001c' and <= '\u001f') or '\ufeff' || char.IsWhiteSpace(c);

    private string Rune() =>
        System.Text.Rune.TryGetRuneAt(text, _at, out Rune rune) && !System.Text.Rune.IsControl(rune)
            ? rune.ToString()
            : $"\\u{(int)Current:x4}";

    private void SkipComment()
    {
        while (!AtEnd && Current != '\n')
            _at++;
    }

    // The only place where '+' may stand in an unquoted value is a number's exponent.
    private void SkipNumber()
    {
        int at = _at;
        if (at < text.Length && text[at] == '-')
            at++;
        int digits = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
            at++;
        if (at == digits || at + 2 >= text.Length || text[at] is not ('e' or 'E') || text[at + 1] != '+'
            || !char.IsAsciiDigit(text[at + 2]))
            return;
        _at = at + 2;
    }

    private string ReadTripleQuoted()
    {
        SourcePlace start = Place;
        int end = text.IndexOf("\"\"\"", _at + 3, StringComparison.Ordinal);
        if (end < 0)
            throw Error("the string that opens here with \"\"\" is never closed", start);
        while (end + 3 < text.Length && text[end + 3] == '"')
            end++;
        string content = text[(_at + 3)..end];
        Advance(end + 3 - _at);
        return content;
    }

    private string ReadJsonString()
    {
        SourcePlace start = Place;
        var content = new StringBuilder();
        for (Advance(); ; Advance())
        {
            if (AtEnd || Current == '\n')
                throw Error("the string that opens here is not closed on its line (write \"\"\" for longer ones)",
                    start);
            if (Current == '"')
                break;
            content.Append(Current == '\\' ? ReadEscape() : Current);
        }

        Advance();
        return content.ToString();
    }

    private char ReadEscape()
    {
        SourcePlace start = Place;
        Advance();
        switch (Current)
        {
            case '"' or '\\' or '/':
                return Current;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u' when _at + 4 < text.Length && ushort.TryParse(
                text.AsSpan(_at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit):
                _at += 4;
                return (char)unit;
            default:
                throw Error("'\\' begins no escape here; the escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX",
                    start);
        }
    }
}
