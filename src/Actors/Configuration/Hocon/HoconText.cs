using System.Globalization;
using System.Text;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>How HOCON writes strings, keys and paths.</summary>
public static class HoconText
{
    /// <summary>The string in double quotes, with JSON's escapes.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool pair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (pair)
                quoted.Append(c).Append(text[++i]);
            else
                AppendEscaped(quoted, c);
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>A key as it may stand in a path: bare where that is possible, else quoted.</summary>
    public static string Key(string key) => IsBare(key) && key != "include" ? key : Quote(key);

    /// <summary>The path expression of some keys: <c>layers."conv1/7x7".blobs</c>.</summary>
    public static string Path(params IEnumerable<string> keys) => string.Join('.', keys.Select(Key));

    /// <summary>The keys of a path expression.</summary>
    /// <exception cref="CaffeException">The text is no path expression.</exception>
    public static IReadOnlyList<string> ParsePath(string path)
    {
        var scanner = new HoconScanner(path, new HoconSource(HoconText.Quote(path), HasPositions: false));
        IReadOnlyList<PathKey> keys = HoconPathReader.Read(scanner);
        return scanner.AtEnd ? [.. keys.Select(key => key.Name)] : throw scanner.Unexpected("a path");
    }

    // Dots separate keys, and the reserved characters must be quoted, so only the plainest of names go bare.
    private static bool IsBare(string key) =>
        key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private static void AppendEscaped(StringBuilder quoted, char c)
    {
        string? escape = c switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => null,
        };
        if (escape is not null)
            quoted.Append(escape);
        else if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029')
            quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
        else
            quoted.Append(c);
    }
}
