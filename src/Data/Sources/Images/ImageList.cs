using System.Globalization;

namespace CaffeActors.Data.Sources.Images;

/// <summary>
/// The list of an ImageData layer: one image a line, its path and its label, parted by the last space of the line, so
/// that a path may hold spaces. A label is the whole number its text begins with, 0 where it begins with none, as C's
/// <c>atoi</c> reads it; a line without a space is both. Blank lines count for nothing. The lines are kept as the bytes
/// they are, which for a million images takes less than half of what texts would.
/// </summary>
internal sealed class ImageList
{
    private readonly byte[] _text;
    private readonly int[] _starts;

    private ImageList(string path, byte[] text, int[] starts)
    {
        Path = path;
        _text = text;
        _starts = starts;
    }

    /// <summary>The file, as the user knows it.</summary>
    public string Path { get; }

    /// <summary>Number of images.</summary>
    public int Count => _starts.Length;

    /// <summary>Reads a list.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read; it may also be an
    /// <see cref="UnauthorizedAccessException"/>.</exception>
    public static ImageList Read(string path)
    {
        byte[] text = File.ReadAllBytes(path);
        var starts = new List<int>();
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        int at = text.AsSpan().StartsWith(mark) ? mark.Length : 0;
        while (at < text.Length)
        {
            int length = LineLength(text, at);
            if (text.AsSpan(at, length).ContainsAnyExcept(" \t\r\v\f"u8))
                starts.Add(at);
            at += length + 1;
        }

        return new ImageList(path, text, [.. starts]);
    }

    /// <summary>The path of an image, as it is written.</summary>
    public ReadOnlySpan<byte> NameOf(int image)
    {
        ReadOnlySpan<byte> line = LineOf(image);
        int space = line.LastIndexOf((byte)' ');
        return space < 0 ? line : line[..space];
    }

    /// <summary>The label of an image.</summary>
    public int LabelOf(int image)
    {
        ReadOnlySpan<byte> line = LineOf(image);
        return ParseLabel(line[(line.LastIndexOf((byte)' ') + 1)..]);
    }

    /// <summary>Whether a line is a path, a space and a whole number, and nothing else.</summary>
    public bool HasLabel(int image)
    {
        ReadOnlySpan<byte> line = LineOf(image);
        int space = line.LastIndexOf((byte)' ');
        return space > 0
            && int.TryParse(line[(space + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
    }

    /// <summary>The line of the file that an image stands on, 1-based.</summary>
    public int LineNumberOf(int image) => 1 + _text.AsSpan(0, _starts[image]).Count((byte)'\n');

    private static int LineLength(byte[] text, int start)
    {
        int length = text.AsSpan(start).IndexOf((byte)'\n');
        return length < 0 ? text.Length - start : length;
    }

    private static int ParseLabel(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t\n\v\f\r"u8);
        int digits = text.Length > 0 && text[0] is (byte)'-' or (byte)'+' ? 1 : 0;
        while (digits < text.Length && text[digits] is >= (byte)'0' and <= (byte)'9')
            digits++;
        Int128.TryParse(text[..Math.Min(digits, 30)], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out Int128 value);
        return (int)(long)Int128.Clamp(value, long.MinValue, long.MaxValue);
    }

    private ReadOnlySpan<byte> LineOf(int image)
    {
        ReadOnlySpan<byte> line = _text.AsSpan(_starts[image], LineLength(_text, _starts[image]));
        return line.Length > 0 && line[^1] == '\r' ? line[..^1] : line;
    }
}
