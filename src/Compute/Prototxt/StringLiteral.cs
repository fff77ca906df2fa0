using System.Buffers;
using System.Globalization;
using System.Text;

namespace CaffeActors.Compute.Prototxt;

/// <summary>Strings as text format writes them: their escapes resolved on reading, made on printing.</summary>
internal static class StringLiteral
{
    /// <summary>Strict: what is no UTF-8 (or no UTF-16) throws instead of turning into question marks.</summary>
    public static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Appends the bytes of a literal's inside (without its quotes).</summary>
    /// <param name="inside">The characters between the quotes.</param>
    /// <param name="bytes">Gets the bytes: UTF-8, and as they are from octal and <c>\x</c> escapes.</param>
    /// <param name="fault">What is wrong, if anything is.</param>
    /// <returns>-1, or the index of the character at fault.</returns>
    public static int Unescape(ReadOnlySpan<char> inside, ArrayBufferWriter<byte> bytes, out string fault)
    {
        fault = "";
        int at = 0;
        while (at < inside.Length)
        {
            int plain = inside[at..].IndexOf('\\');
            plain = plain < 0 ? inside.Length - at : plain;
            int written = Utf8Length(inside.Slice(at, plain));
            if (written < 0)
            {
                fault = "A surrogate without its partner is no character.";
                return at;
            }

            bytes.Advance(Utf8.GetBytes(inside.Slice(at, plain), bytes.GetSpan(written)));
            at += plain;
            if (at == inside.Length)
                break;
            int taken = Escape(inside[at..], bytes, ref fault);
            if (taken == 0)
                return at;
            at += taken;
        }

        return -1;
    }

    /// <summary>Appends bytes as protobuf prints them: all but plain printable ASCII escaped.</summary>
    public static void AppendEscaped(StringBuilder builder, ReadOnlySpan<byte> bytes)
    {
        builder.Append('"');
        foreach (byte b in bytes)
        {
            _ = b switch
            {
                (byte)'\n' => builder.Append("\\n"),
                (byte)'\r' => builder.Append("\\r"),
                (byte)'\t' => builder.Append("\\t"),
                (byte)'"' => builder.Append("\\\""),
                (byte)'\'' => builder.Append("\\'"),
                (byte)'\\' => builder.Append("\\\\"),
                >= 0x20 and < 0x7F => builder.Append((char)b),
                _ => builder.Append('\\').Append((char)('0' + (b >> 6)))
                    .Append((char)('0' + ((b >> 3) & 7))).Append((char)('0' + (b & 7))),
            };
        }

        builder.Append('"');
    }

    private static int Utf8Length(ReadOnlySpan<char> text)
    {
        try
        {
            return Utf8.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            return -1;
        }
    }

    // Resolves the escape at the beginning of the text; gives its length, or 0 and what is wrong with it.
    private static int Escape(ReadOnlySpan<char> text, ArrayBufferWriter<byte> bytes, ref string fault)
    {
        char kind = text.Length > 1 ? text[1] : '\0';
        int simple = "abfnrtv\\?'\"".IndexOf(kind, StringComparison.Ordinal);
        if (simple >= 0)
        {
            bytes.Write([(byte)"\a\b\f\n\r\t\v\\?'\""[simple]]);
            return 2;
        }

        if (kind is 'x' or 'X' or (>= '0' and <= '7'))
            return ByteEscape(text, kind is 'x' or 'X', bytes, ref fault);
        if (kind is 'u' or 'U')
            return CodePointEscape(text, bytes, ref fault);
        fault = $"'\\{(kind is > ' ' and <= '~' ? kind : ' ')}' is no escape; write '\\\\' for a backslash.";
        return 0;
    }

    private static int ByteEscape(ReadOnlySpan<char> text, bool hex, ArrayBufferWriter<byte> bytes, ref string fault)
    {
        int first = hex ? 2 : 1, end = first, value = 0;
        while (end < text.Length && end - first < (hex ? 2 : 3))
        {
            char c = text[end];
            if (hex ? !char.IsAsciiHexDigit(c) : c is < '0' or > '7')
                break;
            value = hex ? (value * 16) + Convert.ToInt32(c.ToString(), 16) : (value * 8) + (c - '0');
            end++;
        }

        if (end == first)
        {
            fault = "One or two hexadecimal digits must follow '\\x'.";
            return 0;
        }

        bytes.Write([(byte)value]);
        return end;
    }

    private static int CodePointEscape(ReadOnlySpan<char> text, ArrayBufferWriter<byte> bytes, ref string fault)
    {
        int length = text[1] == 'u' ? 6 : 10;
        if (!TryCodePoint(text, length, out uint point))
        {
            fault = $"{length - 2} hexadecimal digits, at most 10FFFF, must follow '\\{text[1]}'.";
            return 0;
        }

        // A pair of \u escapes is how some writers spell a character beyond the basic plane.
        if (point is >= 0xD800 and < 0xDC00 && length == 6 && text.Length >= 12 && text[6] == '\\' && text[7] == 'u'
            && TryCodePoint(text[6..], 6, out uint low) && low is >= 0xDC00 and < 0xE000)
        {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            length = 12;
        }

        if (!Rune.TryCreate(point, out Rune rune))
        {
            fault = "A surrogate without its partner is no character.";
            return 0;
        }

        bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
        return length;
    }

    private static bool TryCodePoint(ReadOnlySpan<char> text, int length, out uint point)
    {
        point = 0;
        return text.Length >= length
            && uint.TryParse(text[2..length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out point)
            && point <= 0x10FFFF;
    }
}
