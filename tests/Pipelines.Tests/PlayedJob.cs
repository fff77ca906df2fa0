using System.Diagnostics;
using System.Text.Json.Nodes;
using CaffeActors.Cli;
using CaffeActors.Testing;
using static CaffeActors.Pipelines.Tests.PipelineYaml;

namespace CaffeActors.Pipelines.Tests;

/// <summary>
/// Plays a job of a template on this machine as an agent would: a folder of its own that begins empty but for the
/// sources, artifacts that are folders of a store, conditions, output variables and tags. The program is the one these
/// tests were built with.
/// </summary>
internal sealed class PlayedJob
{
    private static readonly string Sdk = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "dotnet")).First(File.Exists);

    private readonly string _workspace;
    private readonly string _store;
    private readonly Dictionary<string, string> _variables = [];

    /// <summary>Prepares a job.</summary>
    /// <param name="workspace">Its folder; made here.</param>
    /// <param name="store">The folder of the artifacts, a folder for each name.</param>
    public PlayedJob(string workspace, string store)
    {
        (_workspace, _store) = (workspace, store);
        Directory.CreateDirectory(At("artifacts"));
        Directory.CreateDirectory(At("pipelines"));
        File.Copy(Repository.PathOf("pipelines", "slice.sh"), At("pipelines", "slice.sh"));
        // Builds are the SDK's affair; the program is there.
        string shim = At("bin", "dotnet");
        Directory.CreateDirectory(At("bin"));
        File.WriteAllText(shim, $"""
            #!/bin/sh
            case "$1" in
              build) ;;
              *) shift; exec "{Sdk}" "{typeof(CommandLine).Assembly.Location}" "$@" ;;
            esac
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(shim, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _variables["Build.SourcesDirectory"] = workspace;
        _variables["Build.ArtifactStagingDirectory"] = At("artifacts");
    }

    /// <summary>Whether no step failed.</summary>
    public bool Succeeded { get; private set; } = true;

    /// <summary>The tags that the steps gave.</summary>
    public List<string> Tags { get; } = [];

    /// <summary>The names of the steps that ran.</summary>
    public List<string> Ran { get; } = [];

    /// <summary>The files whose results were published.</summary>
    public List<string> TestResults { get; } = [];

    /// <summary>What all steps wrote, for the messages of tests.</summary>
    public string Output { get; private set; } = "";

    /// <summary>A variable; empty where there is none.</summary>
    public string this[string name] => _variables.GetValueOrDefault(name, "");

    /// <summary>Plays the only job of a template.</summary>
    /// <param name="path">The template, relative to the repository.</param>
    /// <param name="given">Its parameters.</param>
    public async Task PlayAsync(string path, params (string Name, string Value)[] given)
    {
        PipelineYaml file = All[path];
        JsonObject job = Assert.Single(Items(file.Root["jobs"]));
        await StepsAsync(file, job["steps"],
            Parameters(file, given.ToDictionary(pair => pair.Name, pair => (JsonNode?)pair.Value)));
    }

    private static Dictionary<string, JsonNode?> Parameters(PipelineYaml file, Dictionary<string, JsonNode?> given) =>
        Items(file.Root["parameters"]).ToDictionary(parameter => Text(parameter["name"])!,
            parameter => given.GetValueOrDefault(Text(parameter["name"])!, parameter["default"]));

    private async Task StepsAsync(PipelineYaml file, JsonNode? steps, Dictionary<string, JsonNode?> parameters)
    {
        foreach (JsonObject step in Items(steps))
        {
            if (Text(step["template"]) is { } reference)
            {
                PipelineYaml template = All[file.Target(reference)];
                await StepsAsync(template, template.Root["steps"], Parameters(template,
                    (step["parameters"]?.AsObject() ?? []).ToDictionary(
                        entry => entry.Key, entry => (JsonNode?)Value(entry.Value, parameters))));
            }
            else if (Condition.Holds(
                Fill(Text(step["condition"]) ?? "succeeded()", parameters), !Succeeded, _variables))
            {
                Ran.Add(Text(step["displayName"])!);
                Succeeded &= await StepAsync(step, parameters);
            }
        }
    }

    private async Task<bool> StepAsync(JsonObject step, Dictionary<string, JsonNode?> parameters)
    {
        string Of(string key) => Value(step[key], parameters);
        string Input(string key) => Value(step["inputs"]![key], parameters);
        if (step.ContainsKey("bash"))
            return await BashAsync(step, parameters);
        if (step.ContainsKey("publish"))
            return Copy(Of("publish"), Path.Combine(_store, Of("artifact")));
        switch (Text(step["task"])!.Split('@')[0])
        {
            case "DownloadPipelineArtifact":
                return Copy(Path.Combine(_store, Input("artifact")), Input("path"));
            case "PublishTestResults":
                TestResults.AddRange(Directory.GetFiles(Input("searchFolder"), Input("testResultsFiles")));
                return true;
            default:
                return true;
        }
    }

    private async Task<bool> BashAsync(JsonObject step, Dictionary<string, JsonNode?> parameters)
    {
        string script = Value(step["bash"], parameters);
        var start = new ProcessStartInfo("bash", ["--noprofile", "--norc", "-c", script])
        {
            WorkingDirectory = _workspace,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TF_BUILD"] = "True";
        start.Environment["PATH"] = At("bin") + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        foreach ((string name, JsonNode? value) in step["env"]?.AsObject() ?? [])
            start.Environment[name] = Value(value, parameters);
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Output += $"$ {script}\n{output}{await error}= {process.ExitCode}\n";
        foreach ((string action, Dictionary<string, string> properties, string text) in PipelineAgent.ReadAll(output))
        {
            if (action == "task.setvariable")
                _variables[$"{Text(step["name"])}.{properties["variable"]}"] = text;
            else if (action == "build.addbuildtag")
                Tags.Add(text);
            else if (action == "task.uploadsummary")
                Assert.True(File.Exists(text), text);
        }

        return process.ExitCode == 0;
    }

    private static bool Copy(string source, string target)
    {
        if (!Directory.Exists(source))
            return false;
        if (Directory.Exists(target))
            Directory.Delete(target, recursive: true);
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return true;
    }

    // Parameters when the pipeline is compiled, variables when the step runs. Azure writes booleans with a capital.
    private string Value(JsonNode? node, Dictionary<string, JsonNode?> parameters)
    {
        string text = Fill(Text(node)!, parameters);
        foreach ((string name, string value) in _variables)
            text = text.Replace($"$({name})", value, StringComparison.Ordinal);
        return text is "true" or "false" ? char.ToUpperInvariant(text[0]) + text[1..] : text;
    }

    private string At(params string[] parts) => Path.Combine([_workspace, .. parts]);
}
