using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Data.Dumps;

/// <summary>The JSON form of a dump's random streams: snake_case, indented, in generated code.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RandomStreamState[]))]
internal sealed partial class DumpJson : JsonSerializerContext
{
    /// <summary>The context to use: indented, and names of any language as they are.</summary>
    public static DumpJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
