using System.Buffers;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Prototxt;

/// <summary>
/// Cuts text format into tokens, one at a time. White space and comments (<c>#</c> to the end of the line) separate
/// tokens and are dropped; so is a byte order mark at the beginning.
/// </summary>
internal sealed class Tokenizer
{
    private const int LongestShown = 40;

    private static readonly SearchValues<char> _stringStops = SearchValues.Create("\"'\\\n\0");

    private readonly string _text;
    private readonly string _path;
    private int _position;
    private int _line;
    private int _lineStart;

    /// <summary>Starts at the first token.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where its first character stands in the user's file.</param>
    public Tokenizer(string text, SourcePlace origin)
    {
        _text = text;
        _path = origin.Path;
        _position = text.StartsWith('\uFEFF') ? 1 : 0;
        _line = Math.Max(1, origin.Line);
        _lineStart = _position + 1 - Math.Max(1, origin.Column);
        Next();
    }

    /// <summary>The token at hand.</summary>
    public Token Current { get; private set; }

    /// <summary>The characters of the token at hand.</summary>
    public ReadOnlySpan<char> Span => _text.AsSpan(Current.Start, Current.Length);

    /// <summary>The token at hand as an error message shows it.</summary>
    public string Shown => Current.Kind switch
    {
        TokenKind.End => "the end of the text",
        TokenKind.String => Cut(Span),
        _ => $"'{Cut(Span)}'",
    };

    /// <summary>What a user wrote, cut where it is too long for an error message.</summary>
    public static string Cut(ReadOnlySpan<char> written) =>
        written.Length > LongestShown ? $"{written[..LongestShown]}..." : written.ToString();

    /// <summary>Whether the token at hand is this punctuation.</summary>
    public bool Is(char symbol) => Current.Kind == TokenKind.Symbol && _text[Current.Start] == symbol;

    /// <summary>Steps over the token at hand if it is this punctuation.</summary>
    public bool TryTake(char symbol)
    {
        if (!Is(symbol))
            return false;
        Next();
        return true;
    }

    /// <summary>Goes to the next token.</summary>
    /// <exception cref="CaffeException">The text cannot be cut there.</exception>
    public void Next()
    {
        SkipBlank();
        SourcePlace place = PlaceAt(_position);
        int start = _position;
        TokenKind kind = Scan();
        Current = new Token(kind, start, _position - start, place);
    }

    /// <summary>Where the tokenizer stands, to come back to.</summary>
    public TokenizerMark Mark() => new(Current, _position, _line, _lineStart);

    /// <summary>Goes back to where the tokenizer has been.</summary>
    public void Return(TokenizerMark mark) =>
        (Current, _position, _line, _lineStart) = (mark.Current, mark.Position, mark.Line, mark.LineStart);

    private char At(int position) => position < _text.Length ? _text[position] : '\0';

    private SourcePlace PlaceAt(int position) => new(_path, _line, position - _lineStart + 1);

    private CaffeException Fault(int position, string message) =>
        new(ErrorCodes.TextFormatSyntax, FailureKind.Configuration, message, PlaceAt(position));

    private void SkipBlank()
    {
        while (_position < _text.Length)
        {
            char c = _text[_position];
            if (c == '#')
            {
                int end = _text.AsSpan(_position).IndexOf('\n');
                _position = end < 0 ? _text.Length : _position + end;
                continue;
            }

            if (c is not (' ' or '\t' or '\r' or '\n' or '\v' or '\f'))
                return;
            _position++;
            if (c == '\n')
                (_line, _lineStart) = (_line + 1, _position);
        }
    }

    private TokenKind Scan()
    {
        if (_position == _text.Length)
            return TokenKind.End;
        char c = _text[_position];
        if (char.IsAsciiLetter(c) || c == '_')
        {
            while (IsWord(At(_position)))
                _position++;
            return TokenKind.Identifier;
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(At(_position + 1))))
            return ScanNumber();
        if (c is '"' or '\'')
            return ScanString(c);
        if (c is < ' ' or > '~')
        {
            int point = char.IsSurrogatePair(_text, _position) ? char.ConvertToUtf32(_text, _position) : c;
            throw Fault(
                _position,
                $"The character U+{point:X4} cannot stand here: outside strings and comments only ASCII can, and the "
                + "quotes of strings are \" and '.");
        }

        if (c == '/' && At(_position + 1) is '/' or '*')
            throw Fault(_position, $"'/{At(_position + 1)}' begins no comment here: comments begin with '#'.");
        _position++;
        return TokenKind.Symbol;
    }

    private TokenKind ScanString(char quote)
    {
        int start = _position++;
        while (true)
        {
            int offset = _text.AsSpan(_position).IndexOfAny(_stringStops);
            _position = offset < 0 ? _text.Length : _position + offset;
            char c = At(_position);
            if (_position == _text.Length || c is '\n' or '\0' || (c == '\\' && At(_position + 1) is '\n' or '\0'))
            {
                throw Fault(
                    start,
                    $"A string begins here with {quote} and does not end on its line: is the closing {quote} missing?");
            }

            _position += c == '\\' ? 2 : 1;
            if (c == quote)
                return TokenKind.String;
        }
    }

    private TokenKind ScanNumber()
    {
        int start = _position;
        TokenKind kind;
        if (_text[start] == '0' && At(start + 1) is 'x' or 'X')
        {
            _position += 2;
            kind = TokenKind.Integer;
            if (!char.IsAsciiHexDigit(At(_position)))
                throw Fault(_position, $"Hexadecimal digits must follow '{_text.AsSpan(start, 2)}'.");
            while (char.IsAsciiHexDigit(At(_position)))
                _position++;
        }
        else if (_text[start] == '0' && char.IsAsciiDigit(At(start + 1)))
        {
            kind = TokenKind.Integer;
            SkipDigits();
            int bad = _text.AsSpan(start, _position - start).IndexOfAny('8', '9');
            if (bad >= 0)
                throw Fault(start + bad, "A number that begins with 0 is octal and has the digits 0 to 7 only.");
        }
        else
        {
            kind = ScanDecimal();
        }

        if (At(_position) == '.')
            throw Fault(_position, "A second point, or a point in an octal or hexadecimal number, cannot be read.");
        if (IsWord(At(_position)))
        {
            string number = Cut(_text.AsSpan(start, _position - start));
            throw Fault(_position, $"A space is missing between the number {number} and what follows.");
        }

        return kind;
    }

    private TokenKind ScanDecimal()
    {
        TokenKind kind = TokenKind.Integer;
        SkipDigits();
        if (At(_position) == '.')
        {
            kind = TokenKind.Float;
            _position++;
            SkipDigits();
        }

        if (At(_position) is 'e' or 'E')
        {
            kind = TokenKind.Float;
            _position++;
            if (At(_position) is '+' or '-')
                _position++;
            if (!char.IsAsciiDigit(At(_position)))
                throw Fault(_position, "The exponent after 'e' is missing.");
            SkipDigits();
        }

        if (At(_position) is not ('f' or 'F'))
            return kind;
        _position++;
        return TokenKind.Float;
    }

    private void SkipDigits()
    {
        while (char.IsAsciiDigit(At(_position)))
            _position++;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
