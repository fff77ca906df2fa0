using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CaffeActors.Data.Snapshots;

/// <summary>The JSON form of <see cref="ResumeState"/>, and of random streams by themselves: snake_case, indented, in
/// generated code.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ResumeState))]
[JsonSerializable(typeof(RandomStreamState[]))]
internal sealed partial class ResumeJson : JsonSerializerContext
{
    /// <summary>The context to use: the same bytes on every system, NaN and infinities as names.</summary>
    public static ResumeJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
