using System.Collections;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CaffeActors.Analysis.Queries;

/// <summary>Values of a query as text: the same on every machine.</summary>
public static class CellText
{
    private static readonly JsonSerializerOptions _json =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A value in full: numbers with all their digits, times in ISO 8601, nothing for null.</summary>
    public static string Of(object? value) => value switch
    {
        null => "",
        string text => text,
        bool truth => truth ? "true" : "false",
        DateTime time => time.ToString(
            time.Kind == DateTimeKind.Utc ? "yyyy-MM-ddTHH:mm:ss.ffffffZ" : "yyyy-MM-ddTHH:mm:ss.ffffff",
            CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IDictionary or IEnumerable => Json(value),
        _ => value.ToString() ?? "",
    };

    /// <summary>A value for people: six digits of a fraction, large numbers without one, times in seconds.</summary>
    public static string Short(object? value) => value switch
    {
        double number => number.ToString(
            Math.Abs(number) is >= 1e6 and < 1e15 ? "F0" : "G6", CultureInfo.InvariantCulture),
        float number => Short((double)number),
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        _ => Of(value),
    };

    /// <summary>Whether a value is a number, and belongs to the right of its column.</summary>
    public static bool IsNumber(object? value) =>
        value is sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal
            or System.Numerics.BigInteger;

    /// <summary>A value as JSON; NaN and infinities, which JSON has not, as the strings NaN, Infinity and
    /// -Infinity.</summary>
    public static string Json(object? value) => value switch
    {
        null => "null",
        bool => Of(value),
        double number when !double.IsFinite(number) => $"\"{Of(value)}\"",
        float number when !float.IsFinite(number) => $"\"{Of(value)}\"",
        string text => JsonSerializer.Serialize(text, _json),
        IDictionary map => $"{{{string.Join(",", Pairs(map))}}}",
        IEnumerable list => $"[{string.Join(",", list.Cast<object?>().Select(Json))}]",
        _ => IsNumber(value) ? Of(value) : JsonSerializer.Serialize(Of(value), _json),
    };

    private static IEnumerable<string> Pairs(IDictionary map)
    {
        foreach (DictionaryEntry entry in map)
            yield return $"{JsonSerializer.Serialize(Of(entry.Key), _json)}:{Json(entry.Value)}";
    }
}
