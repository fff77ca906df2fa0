using System.Buffers;
using System.Globalization;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CaffeActors.Compute.Prototxt;

/// <summary>Reads the values of fields that are no messages, checked against their field's type and range.</summary>
/// <param name="tokens">Where the values come from; stands at the value before and after it afterwards.</param>
internal sealed class ScalarReader(Tokenizer tokens)
{
    private const int EnumNamesShown = 8;

    // The NaN of C; double.NaN has its sign bit set.
    private static readonly double _positiveNaN = BitConverter.UInt64BitsToDouble(0x7FF8_0000_0000_0000);

    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Reads one value of a field, in the type its accessor takes (enum values as numbers).</summary>
    /// <exception cref="CaffeException">The value does not fit the field.</exception>
    public object Read(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => (int)ReadSigned(field, int.MaxValue),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => ReadSigned(field, long.MaxValue),
        FieldType.UInt32 or FieldType.Fixed32 => (uint)ReadUnsigned(field, uint.MaxValue),
        FieldType.UInt64 or FieldType.Fixed64 => ReadUnsigned(field, ulong.MaxValue),
        FieldType.Float => (float)ReadFloat(field),
        FieldType.Double => ReadFloat(field),
        FieldType.Bool => ReadBool(field),
        FieldType.Enum => ReadEnum(field),
        FieldType.String => ReadString(field),
        FieldType.Bytes => ReadBytes(field),
        _ => throw new NotSupportedException($"{field.FullName} is a {field.FieldType}: text format here has none."),
    };

    private static CaffeException BadValue(SourcePlace place, string message) =>
        new(ErrorCodes.BadFieldValue, FailureKind.Configuration, message, place);

    private CaffeException Expected(FieldDescriptor field, string what, SourcePlace? place = null)
    {
        string sign = place is null ? "" : "a minus sign before ";
        string message = $"'{field.Name}' takes {what}, not {sign}{tokens.Shown}.";
        return tokens.Current.Kind == TokenKind.End
            ? new(ErrorCodes.TextFormatSyntax, FailureKind.Configuration, message, tokens.Current.Place)
            : BadValue(place ?? tokens.Current.Place, message);
    }

    private long ReadSigned(FieldDescriptor field, long max)
    {
        SourcePlace place = tokens.Current.Place;
        bool negative = tokens.TryTake('-');
        string range = $"a whole number from {-max - 1} to {max}";
        ulong magnitude = ReadMagnitude(field, negative ? (ulong)max + 1 : (ulong)max, range, negative ? place : null);
        return negative ? unchecked(-(long)magnitude) : (long)magnitude;
    }

    private ulong ReadUnsigned(FieldDescriptor field, ulong max) =>
        ReadMagnitude(field, max, $"a whole number from 0 to {max}", null);

    private ulong ReadMagnitude(FieldDescriptor field, ulong max, string range, SourcePlace? minus)
    {
        if (tokens.Current.Kind != TokenKind.Integer)
            throw Expected(field, range, minus);
        if (!TryInteger(tokens.Span, out ulong value) || value > max)
        {
            string sign = minus is null ? "" : "-";
            SourcePlace place = minus ?? tokens.Current.Place;
            throw BadValue(place, $"'{field.Name}' takes {range}; {sign}{Tokenizer.Cut(tokens.Span)} is outside.");
        }

        tokens.Next();
        return value;
    }

    private static bool TryInteger(ReadOnlySpan<char> digits, out ulong value)
    {
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return ulong.TryParse(digits[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        if (digits[0] != '0')
            return ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        value = 0;
        foreach (char digit in digits)
        {
            if (value >> 61 != 0)
                return false;
            value = (value << 3) + (ulong)(digit - '0');
        }

        return true;
    }

    private double ReadFloat(FieldDescriptor field)
    {
        SourcePlace place = tokens.Current.Place;
        bool negative = tokens.TryTake('-');
        double value = ReadMagnitude(field, negative ? place : null);
        tokens.Next();
        return negative ? -value : value;
    }

    private double ReadMagnitude(FieldDescriptor field, SourcePlace? minus)
    {
        ReadOnlySpan<char> text = tokens.Span;
        switch (tokens.Current.Kind)
        {
            case TokenKind.Integer when text is not ['0', _, ..]:
                return double.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
            case TokenKind.Integer:
                throw Expected(field, "a decimal number", minus);
            case TokenKind.Float:
                return double.Parse(text.TrimEnd("fF"), NumberStyles.Float, CultureInfo.InvariantCulture);
            case TokenKind.Identifier when text.Equals("inf", StringComparison.OrdinalIgnoreCase)
                || text.Equals("infinity", StringComparison.OrdinalIgnoreCase):
                return double.PositiveInfinity;
            case TokenKind.Identifier when text.Equals("nan", StringComparison.OrdinalIgnoreCase):
                return _positiveNaN;
            default:
                throw Expected(field, "a number", minus);
        }
    }

    private bool ReadBool(FieldDescriptor field)
    {
        bool value;
        ReadOnlySpan<char> text = tokens.Span;
        if (tokens.Current.Kind == TokenKind.Integer && TryInteger(text, out ulong number) && number <= 1)
            value = number == 1;
        else if (tokens.Current.Kind == TokenKind.Identifier && text is "true" or "True" or "t")
            value = true;
        else if (tokens.Current.Kind == TokenKind.Identifier && text is "false" or "False" or "f")
            value = false;
        else
            throw Expected(field, "true or false");
        tokens.Next();
        return value;
    }

    private int ReadEnum(FieldDescriptor field)
    {
        SourcePlace place = tokens.Current.Place;
        EnumValueDescriptor? value;
        if (tokens.Current.Kind == TokenKind.Identifier)
        {
            string written = tokens.Span.ToString();
            value = field.EnumType.FindValueByName(written);
            if (value is null)
            {
                string shown = Tokenizer.Cut(written);
                throw BadValue(place, $"'{field.Name}' has no value '{shown}'. {Choices(field.EnumType, written)}");
            }

            tokens.Next();
        }
        else
        {
            if (tokens.Current.Kind != TokenKind.Integer && !tokens.Is('-'))
                throw Expected(field, $"one of the names of {field.EnumType.Name} without quotes");
            int number = (int)ReadSigned(field, int.MaxValue);
            value = field.EnumType.FindValueByNumber(number);
            if (value is null)
                throw BadValue(place, $"'{field.Name}' has no value {number}. {Choices(field.EnumType, "")}");
        }

        return value.Number;
    }

    private static string Choices(EnumDescriptor type, string written)
    {
        string[] names = [.. type.Values.Select(value => value.Name)];
        if (Nearest.Of(written, names) is { } nearest)
            return $"Did you mean {nearest}?";
        return names.Length <= EnumNamesShown
            ? $"It takes {string.Join(", ", names)}."
            : $"It takes {string.Join(", ", names.Take(EnumNamesShown))} and {names.Length - EnumNamesShown} more.";
    }

    private string ReadString(FieldDescriptor field)
    {
        SourcePlace place = tokens.Current.Place;
        ReadLiterals(field, "a string in quotes");
        try
        {
            return StringLiteral.Utf8.GetString(_bytes.WrittenSpan);
        }
        catch (DecoderFallbackException)
        {
            throw BadValue(place, $"The escapes in this string make no UTF-8 text, which '{field.Name}' takes.");
        }
    }

    private ByteString ReadBytes(FieldDescriptor field)
    {
        ReadLiterals(field, "bytes as a string in quotes");
        return ByteString.CopyFrom(_bytes.WrittenSpan);
    }

    // Strings one after another are one.
    private void ReadLiterals(FieldDescriptor field, string what)
    {
        if (tokens.Current.Kind != TokenKind.String)
            throw Expected(field, what);
        _bytes.ResetWrittenCount();
        while (tokens.Current.Kind == TokenKind.String)
        {
            int bad = StringLiteral.Unescape(tokens.Span[1..^1], _bytes, out string fault);
            if (bad >= 0)
            {
                SourcePlace start = tokens.Current.Place;
                SourcePlace place = start with { Column = start.Column + 1 + bad };
                throw new CaffeException(ErrorCodes.TextFormatSyntax, FailureKind.Configuration, fault, place);
            }

            tokens.Next();
        }
    }
}
