using System.Text.Json.Serialization;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Runs;

/// <summary>The JSON form of manifests and holders: snake_case, indented, in generated code.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RunManifest))]
[JsonSerializable(typeof(RunHolder))]
internal sealed partial class RunJson : JsonSerializerContext
{
    /// <summary>The context to use.</summary>
    public static RunJson Readable { get; } = new(ReadableJson.Options());
}
