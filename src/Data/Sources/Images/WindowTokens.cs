using System.Globalization;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Data.Sources.Images;

/// <summary>The words of a window file, one after the other, each with its line.</summary>
/// <param name="reader">The text.</param>
/// <param name="path">The file, for errors.</param>
/// <param name="failure">Makes the errors.</param>
internal sealed class WindowTokens(TextReader reader, string path, FailureFactory failure)
{
    private const int LongestWord = 32 * 1024;

    private char[] _word = new char[256];
    private int _length;
    private int _line = 1;

    /// <summary>The line the last word stands on, 1-based.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>Whether the last word is <c>#</c>.</summary>
    public bool IsHash => Word is "#";

    /// <summary>The last word, for errors.</summary>
    public string Shown => new(_word, 0, Math.Min(_length, 40));

    /// <summary>Goes to the next word.</summary>
    /// <returns>False at the end.</returns>
    public bool Next()
    {
        int next = reader.Read();
        for (; next >= 0 && char.IsWhiteSpace((char)next); next = reader.Read())
            _line += next == '\n' ? 1 : 0;
        Line = _line;
        for (_length = 0; next >= 0 && !char.IsWhiteSpace((char)next); next = reader.Read())
        {
            if (_length == LongestWord)
                throw Wrong("a word", "text without an end");
            if (_length == _word.Length)
                Array.Resize(ref _word, 2 * _length);
            _word[_length++] = (char)next;
        }

        _line += next == '\n' ? 1 : 0;
        return _length > 0;
    }

    /// <summary>The next word as it is.</summary>
    /// <param name="what">What it is, for errors.</param>
    public string Text(string what) => Next() ? new string(_word, 0, _length) : throw Wrong(what, "the end");

    /// <summary>The next word as a whole number.</summary>
    public int Integer(string what)
    {
        bool there = Next();
        return there && int.TryParse(Word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value : throw Wrong(what, there ? $"'{Shown}'" : "the end");
    }

    /// <summary>The next word as a number.</summary>
    public float Number(string what)
    {
        bool there = Next();
        return there && float.TryParse(Word, NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
            ? value : throw Wrong(what, there ? $"'{Shown}'" : "the end");
    }

    /// <summary>A failure at the last word.</summary>
    public CaffeException Wrong(string expected, string found) =>
        At(Line, ErrorCodes.BadRecord, $"window file: {expected} is due here, not {found}");

    /// <summary>A failure at a line.</summary>
    public CaffeException At(int line, string code, string message)
    {
        CaffeException cause = failure(code, message, FailureKind.Data);
        return new CaffeException(cause.Code, cause.Kind, cause.Message, new SourcePlace(path, line, 1));
    }

    private ReadOnlySpan<char> Word => _word.AsSpan(0, _length);
}
