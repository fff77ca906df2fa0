using System.Globalization;

namespace CaffeActors.Analysis.Queries;

/// <summary>Values as SQL writes them.</summary>
internal static class SqlText
{
    /// <summary>A string.</summary>
    public static string Of(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A whole number.</summary>
    public static string Of(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A time, with its zone.</summary>
    public static string Of(DateTimeOffset value) => string.Create(CultureInfo.InvariantCulture,
        $"TIMESTAMPTZ '{value.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00'");

    /// <summary>A list.</summary>
    public static string List(IEnumerable<string> values) => $"[{string.Join(", ", values)}]";
}
