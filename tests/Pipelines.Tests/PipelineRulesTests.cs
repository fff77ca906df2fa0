using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CaffeActors.Testing;
using static CaffeActors.Pipelines.Tests.PipelineYaml;

namespace CaffeActors.Pipelines.Tests;

/// <summary>The pipelines are ones that Azure can run: what they name is there, and what they pass on fits.</summary>
public sealed partial class PipelineRulesTests
{
    // The schema's keys, as far as these pipelines may use them.
    private static readonly string[] _pipelineKeys =
        ["trigger", "pr", "schedules", "parameters", "variables", "pool", "stages", "resources", "name"];

    private static readonly string[] _stageKeys = ["stage", "displayName", "dependsOn", "condition", "jobs"];
    private static readonly string[] _jobKeys =
    [
        "job", "displayName", "dependsOn", "condition", "pool", "variables", "timeoutInMinutes",
        "cancelTimeoutInMinutes", "steps", "strategy",
    ];

    private static readonly string[] _stepKinds = ["bash", "task", "publish", "template"];
    private static readonly string[] _stepKeys =
        ["displayName", "name", "condition", "continueOnError", "env", "inputs", "artifact", "timeoutInMinutes"];

    private static readonly Dictionary<string, string[]> _tasks = new()
    {
        ["UseDotNet@2"] = ["packageType", "useGlobalJson", "version"],
        ["Cache@2"] = ["key", "restoreKeys", "path"],
        ["PublishTestResults@2"] =
        [
            "testResultsFormat", "testResultsFiles", "searchFolder", "mergeTestResults", "testRunTitle",
            "failTaskOnFailedTests",
        ],
        ["PublishCodeCoverageResults@2"] = ["summaryFileLocation", "pathToSources", "failIfCoverageEmpty"],
        ["DownloadPipelineArtifact@2"] =
        [
            "source", "project", "pipeline", "runVersion", "runBranch", "tags", "allowPartiallySucceededBuilds",
            "allowFailedBuilds", "allowCanceledBuilds", "artifact", "path",
        ],
    };

    private static readonly string[] _types = ["string", "number", "boolean", "object"];
    private static readonly string[] _outputs = ["runId", "runFolder", "snapshot", "iteration", "finished"];

    public static TheoryData<string> Files => [.. All.Keys];

    public static TheoryData<string> Nightly =>
        [.. All.Values.Where(file => file.Root.ContainsKey("schedules")).Select(file => file.Path)];

    [Fact]
    public void TheOnesThatAreWanted_AreThere() => Assert.Superset(new HashSet<string>
    {
        "azure-pipelines.yml", "pipelines/train-nightly.yml", "pipelines/gpu-pool.yml", "pipelines/multi-node.yml",
        "pipelines/templates/build.yml", "pipelines/templates/test.yml", "pipelines/templates/train.yml",
        "pipelines/templates/report.yml", "pipelines/templates/worker.yml",
    }, All.Keys.ToHashSet());

    [Theory]
    [MemberData(nameof(Files))]
    public void Keys_AreTheSchemas(string path)
    {
        PipelineYaml file = All[path];
        if (file.IsTemplate)
            Assert.Single(file.Root, entry => entry.Key is "jobs" or "steps" or "stages");
        AssertKeys(file.Root, file.IsTemplate ? ["parameters", "jobs", "steps"] : _pipelineKeys);
        foreach (JsonObject stage in Items(file.Root["stages"]))
            AssertKeys(stage, _stageKeys);
        foreach (JsonObject job in file.Objects.Where(item => item.ContainsKey("job")))
            AssertKeys(job, _jobKeys);
        foreach (JsonObject step in file.Objects.SelectMany(item => Items(item["steps"])))
        {
            string kind = Assert.Single(step, entry => _stepKinds.Contains(entry.Key)).Key;
            AssertKeys(step, kind == "template" ? ["template", "parameters"] : [kind, .. _stepKeys]);
            Assert.True(kind == "template" || step.ContainsKey("displayName"), $"{path}: a {kind} step has no name");
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Tasks_HaveAVersionAndKnownInputs(string path)
    {
        foreach (JsonObject step in All[path].Objects.Where(item => item.ContainsKey("task")))
        {
            string task = Text(step["task"])!;
            Assert.True(_tasks.TryGetValue(task, out string[]? inputs), $"{path}: unknown task {task}");
            AssertKeys(step["inputs"]!.AsObject(), inputs!);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void TemplateReferences_LeadToTemplatesAndGiveThemWhatTheyNeed(string path)
    {
        PipelineYaml file = All[path];
        foreach (JsonObject reference in file.Objects.Where(item => item.ContainsKey("template")))
        {
            string target = file.Target(Text(reference["template"])!);
            Assert.True(All.TryGetValue(target, out PipelineYaml? template), $"{path}: there is no {target}");
            JsonObject given = reference["parameters"]?.AsObject() ?? [];
            var known = template!.Parameters.ToDictionary(parameter => parameter.Name);
            foreach ((string name, JsonNode? value) in given)
            {
                Assert.True(known.TryGetValue(name, out var parameter), $"{path}: {target} takes no '{name}'");
                Assert.True(Fits(value, parameter.Type!, file), $"{path}: {name} of {target} is no {parameter.Type}");
            }

            Assert.All(known.Values.Where(parameter => !parameter.HasDefault),
                parameter => Assert.True(
                    given.ContainsKey(parameter.Name), $"{path}: {target} needs {parameter.Name}"));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Parameters_AreTypedAndUsed(string path)
    {
        PipelineYaml file = All[path];
        Assert.All(file.Parameters, parameter => Assert.Contains(parameter.Type, _types));
        Assert.Equal(file.Parameters.Select(parameter => parameter.Name).Order(), file.Used.Order());
        foreach (JsonObject parameter in Items(file.Root["parameters"]).Where(item => item.ContainsKey("default")))
            Assert.True(Fits(parameter["default"], Text(parameter["type"])!, file), $"{path}: {parameter}");
    }

    [Fact]
    public void Templates_AreUsed() =>
        Assert.Equal(All.Values.Where(file => file.IsTemplate).Select(file => file.Path).Order(),
            All.Values.SelectMany(file => file.Objects.Where(item => item.ContainsKey("template"))
                .Select(item => file.Target(Text(item["template"])!))).Distinct().Order());

    [Theory]
    [MemberData(nameof(Nightly))]
    public void Schedules_RunWithoutCommitsAndNeverTwice(string path)
    {
        Assert.Contains(All["pipelines/train-nightly.yml"].Root, entry => entry.Key == "schedules");
        JsonObject schedule = Assert.Single(Items(All[path].Root["schedules"]));
        Assert.Equal(("true", "true"), (Text(schedule["always"]), Text(schedule["batch"])));
        Assert.Matches(@"^\S+ \S+ \S+ \S+ \S+$", Text(schedule["cron"]));
        Assert.NotEmpty(schedule["branches"]!["include"]!.AsArray());
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Conditions_AreUnderstood(string path)
    {
        foreach (JsonObject item in All[path].Objects.Where(item => item.ContainsKey("condition")))
        {
            string condition = Fill(Text(item["condition"])!,
                All[path].Parameters.ToDictionary(parameter => parameter.Name, _ => (JsonNode?)"x"));
            Condition.Holds(condition, failed: false, new Dictionary<string, string>());
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void OutputVariables_AreTheProgramsOwn(string path)
    {
        string text = File.ReadAllText(Repository.PathOf(path));
        Assert.All(OutputForm().Matches(text), match => Assert.Contains(match.Groups[1].Value, _outputs));
    }

    [Fact]
    public void Slices_EndBeforeTheirJob()
    {
        JsonObject[] parameters = [.. Items(All["pipelines/templates/train.yml"].Root["parameters"])];
        Assert.True(Number("timeoutInMinutes") - Number("marginMinutes") >= 10);

        int Number(string name) => int.Parse(
            Text(parameters.Single(parameter => Text(parameter["name"]) == name)["default"])!,
            CultureInfo.InvariantCulture);
    }

    // An expression has the type of the parameter it names; a text may be anything.
    private static bool Fits(JsonNode? value, string type, PipelineYaml file)
    {
        if (value is not JsonValue)
            return type == "object";
        string text = Text(value)!;
        if (file.Parameters.FirstOrDefault(parameter => text == $"${{{{ parameters.{parameter.Name} }}}}") is
            { Type: { } given })
        {
            return given == type;
        }

        return type switch
        {
            "number" => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _),
            "boolean" => text is "true" or "false",
            "string" => true,
            _ => false,
        };
    }

    private static void AssertKeys(JsonObject item, string[] known) =>
        Assert.All(item, entry => Assert.Contains(entry.Key, known));

    [GeneratedRegex(@"(?:\$\(train\.|variables\['train\.)(\w+)")]
    private static partial Regex OutputForm();
}
