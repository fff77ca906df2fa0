using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CaffeActors.Testing;
using YamlDotNet.RepresentationModel;

namespace CaffeActors.Pipelines.Tests;

/// <summary>A pipeline or template of the repository: its YAML as JSON, all values text.</summary>
/// <param name="Path">Relative to the repository, with forward slashes.</param>
/// <param name="Root">What it holds.</param>
internal sealed partial record PipelineYaml(string Path, JsonObject Root)
{
    /// <summary>All of them, by path.</summary>
    public static IReadOnlyDictionary<string, PipelineYaml> All { get; } =
        Directory.EnumerateFiles(Repository.PathOf("pipelines"), "*.yml", SearchOption.AllDirectories)
            .Append(Repository.PathOf("azure-pipelines.yml"))
            .Select(path => System.IO.Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .ToDictionary(path => path, Read);

    /// <summary>Whether it is included by others, and not a pipeline itself.</summary>
    public bool IsTemplate => Path.StartsWith("pipelines/templates/", StringComparison.Ordinal);

    /// <summary>Its parameters: name, type, and whether they have a default.</summary>
    public IReadOnlyList<(string Name, string? Type, bool HasDefault)> Parameters =>
    [
        .. Items(Root["parameters"]).Select(parameter => (Text(parameter["name"])!, Text(parameter["type"]),
            parameter.ContainsKey("default"))),
    ];

    /// <summary>All objects in it, at any depth.</summary>
    public IEnumerable<JsonObject> Objects => ObjectsOf(Root);

    /// <summary>All steps that run a script: the step and its lines without comments, continued ones joined.</summary>
    public IEnumerable<(JsonObject Step, string[] Lines)> Scripts =>
        from step in Objects
        where step.ContainsKey("bash")
        select (step, LinesOf(Text(step["bash"])!));

    /// <summary>The file that a template reference in this one means, relative to the repository.</summary>
    public string Target(string reference)
    {
        string full = System.IO.Path.GetFullPath(
            Repository.PathOf(System.IO.Path.GetDirectoryName(Path)!, reference));
        return System.IO.Path.GetRelativePath(Repository.Root, full).Replace('\\', '/');
    }

    /// <summary>The names of parameters in template expressions.</summary>
    public IEnumerable<string> Used => ParameterForm().Matches(File.ReadAllText(Repository.PathOf(Path)))
        .Select(match => match.Groups[1].Value).Distinct();

    /// <summary>A value as text; null for none.</summary>
    public static string? Text(JsonNode? node) => node?.GetValue<string>();

    /// <summary>The objects of a list; none where there is no list.</summary>
    public static IEnumerable<JsonObject> Items(JsonNode? list) =>
        list is JsonArray items ? items.OfType<JsonObject>() : [];

    /// <summary>A text with the values of parameters in the place of their expressions.</summary>
    public static string Fill(string text, IReadOnlyDictionary<string, JsonNode?> parameters) =>
        ParameterForm().Replace(text, match => Text(parameters[match.Groups[1].Value])!);

    private static string[] LinesOf(string script) =>
    [
        .. script.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
            .Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'),
    ];

    private static PipelineYaml Read(string path)
    {
        using StreamReader reader = File.OpenText(Repository.PathOf(path));
        var yaml = new YamlStream();
        yaml.Load(reader);
        return new PipelineYaml(path, (JsonObject)Json(Assert.Single(yaml.Documents).RootNode));
    }

    private static JsonNode Json(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(
            entry => KeyValuePair.Create(((YamlScalarNode)entry.Key).Value!, (JsonNode?)Json(entry.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Json)]),
        _ => JsonValue.Create(((YamlScalarNode)node).Value ?? ""),
    };

    private static IEnumerable<JsonObject> ObjectsOf(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(entry => ObjectsOf(entry.Value)).Prepend(map),
        JsonArray list => list.SelectMany(ObjectsOf),
        _ => [],
    };

    [GeneratedRegex(@"\$\{\{ parameters\.(\w+) \}\}")]
    private static partial Regex ParameterForm();
}
