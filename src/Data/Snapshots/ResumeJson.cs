using System.Text.Json.Serialization;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Snapshots;

/// <summary>The JSON form of <see cref="ResumeState"/>, and of random streams by themselves: snake_case, indented, in
/// generated code.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ResumeState))]
[JsonSerializable(typeof(RandomStreamState[]))]
internal sealed partial class ResumeJson : JsonSerializerContext
{
    /// <summary>The context to use.</summary>
    public static ResumeJson Readable { get; } = new(ReadableJson.Options());
}
