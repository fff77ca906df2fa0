using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CaffeActors.Data.Files;

/// <summary>How the JSON files of runs and snapshots are written: snake_case, indented, names of any language as they
/// are, NaN and infinities as names, the same bytes on every system.</summary>
internal static class ReadableJson
{
    /// <summary>Options for one serializer context, which keeps them.</summary>
    public static JsonSerializerOptions Options() => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
