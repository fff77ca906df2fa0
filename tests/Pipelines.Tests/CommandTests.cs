using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CaffeActors.Cli;
using CaffeActors.Testing;

namespace CaffeActors.Pipelines.Tests;

/// <summary>What the steps run is there: scripts, projects, the program's commands and their flags.</summary>
public sealed partial class CommandTests
{
    private const string Program = "artifacts/bin/CaffeActors/release/CaffeActors.dll";

    private static readonly string[] _shellWords = ["set", "if", "cp", "echo"];

    private static readonly string[] _sdkCommands = ["restore", "format", "build", "pack"];

    public static TheoryData<string, string> Lines
    {
        get
        {
            var lines = new TheoryData<string, string>();
            foreach ((string path, string line) in All())
                lines.Add(path, line);
            return lines;
        }
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void Line_RunsWhatIsThere(string path, string line)
    {
        string[] words = [.. WordForm().Matches(line).Select(match => match.Value.Trim('"'))];
        if (_shellWords.Contains(words[0]) || AssignmentForm().IsMatch(line))
            return;
        if (words[0] == "dotnet" && words[1] == Program)
            AssertParses([.. words[2..]]);
        else if (words[0] == "dotnet")
            AssertSdk(path, words);
        else if (words[0] == "pipelines/slice.sh")
            AssertParses([
                .. words[1] == "worker" ? (string[])[] : ["train"], .. words[1..].Where(word => word != "$ARGUMENTS")]);
        AssertFiles(path, words);
    }

    [Fact]
    public void Lines_AreFound()
    {
        Assert.Contains(All(), found => found.Line.StartsWith("pipelines/slice.sh", StringComparison.Ordinal));
        Assert.Contains(All(), found => found.Line.StartsWith(".ci/run", StringComparison.Ordinal));
    }

    // What pipelines pass on to `train` as one text.
    [Fact]
    public void Arguments_AreFlagsOfTrain()
    {
        string[] given = [.. PipelineYaml.All.Values.SelectMany(file => file.Objects)
            .Where(item => item["arguments"] is JsonValue).Select(item => PipelineYaml.Text(item["arguments"])!)];
        Assert.NotEmpty(given);
        Assert.All(given, text => AssertParses(["train", "configs/lenet.hocon", .. text.Split(' ')]));
    }

    [Fact]
    public void Configurations_AreThere() =>
        Assert.All(PipelineYaml.All.Values.SelectMany(file => file.Objects).SelectMany(item => item)
                .Where(entry => entry.Value is JsonValue).Select(entry => PipelineYaml.Text(entry.Value)!)
                .Where(text => text.EndsWith(".hocon", StringComparison.Ordinal)),
            text => Assert.True(File.Exists(Repository.PathOf(text)), text));

    private static IEnumerable<(string Path, string Line)> All() =>
        (from file in PipelineYaml.All.Values
         from script in file.Scripts
         from line in script.Lines
         select (file.Path, PipelineYaml.Fill(line,
             file.Parameters.ToDictionary(parameter => parameter.Name, _ => (JsonNode?)"1")))).Distinct();

    private static void AssertParses(string[] arguments)
    {
        using StringWriter output = new(), error = new();
        RootCommand root = CommandLine.Build(new Terminal(output, error, false, static _ => null));
        ParseResult parsed = root.Parse(Gflags.Switches(Gflags.Normalize(arguments), root));
        Assert.True(UsageErrors.Of(parsed) is null, $"{string.Join(' ', arguments)}: {UsageErrors.Of(parsed)}");
    }

    private static void AssertSdk(string path, string[] words)
    {
        Assert.True(_sdkCommands.Contains(words[1]), $"{path}: dotnet {words[1]}");
        Assert.All(words.Where(word => word.EndsWith(".csproj", StringComparison.Ordinal)
                || word.EndsWith(".sln", StringComparison.Ordinal)),
            word => Assert.True(File.Exists(Repository.PathOf(word)), $"{path}: there is no {word}"));
    }

    private static void AssertFiles(string path, string[] words)
    {
        if (words[0] == "dotnet")
            return;
        var script = new FileInfo(Repository.PathOf(words[0]));
        Assert.True(script.Exists, $"{path}: there is no {words[0]}");
        if (!OperatingSystem.IsWindows())
            Assert.True(script.UnixFileMode.HasFlag(UnixFileMode.UserExecute), $"{words[0]} cannot be run");
    }

    [GeneratedRegex(@"^\w+=")]
    private static partial Regex AssignmentForm();

    [GeneratedRegex("\"[^\"]*\"|\\S+")]
    private static partial Regex WordForm();
}
