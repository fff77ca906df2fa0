using System.Diagnostics;
using CaffeActors.Actors.Messages;
using CaffeActors.Cli.AzureDevOps;
using CaffeActors.Testing;

namespace CaffeActors.Cli.Tests.AzureDevOps;

/// <summary>What a pipeline is told of a run, while it goes on and at its end.</summary>
public sealed class PipelineReporterTests : IDisposable
{
    private readonly CliRun _cli = new();

    public PipelineReporterTests() => _cli.Environment["TF_BUILD"] = "True";

    public void Dispose() => _cli.Dispose();

    private Dictionary<string, string> Variables() => PipelineAgent.ReadAll(_cli.Out)
        .Where(command => command.Action == "task.setvariable")
        .ToDictionary(command => command.Properties["variable"], command => command.Text);

    private string Tag() =>
        Assert.Single(PipelineAgent.ReadAll(_cli.Out), command => command.Action == "build.addbuildtag").Text;

    [Fact]
    public void Progress_IsWholePercentsThatOnlyGrow_OneASecondAtMost()
    {
        var clock = new Clock();
        using var output = new StringWriter();
        var reporter = new PipelineReporter(output, clock, static () => null);
        foreach ((double seconds, int iteration) in ((double, int)[])
            [(0, 0), (0.5, 10), (1, 15), (2.1, 19), (3.2, 20), (4.3, 5), (5.4, 199), (5.5, 200), (6.5, 200)])
        {
            clock.Seconds = seconds;
            reporter.OnProgress(new Progress(iteration, 200, 1, 1, 1, TimeSpan.Zero));
        }

        Assert.Equal(["0", "7", "9", "10", "99", "100"],
            PipelineAgent.ReadAll(output.ToString()).Select(command => command.Properties["value"]));
    }

    [Fact]
    public async Task FinishedRun_LeavesVariablesTagAndSummary()
    {
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(_cli.Solver(_cli.Database())));
        Dictionary<string, string> variables = Variables();
        string run = Assert.Single(Directory.GetDirectories(_cli.At("runs"), "run_id=*"));
        Assert.Equal(("true", "6", run, _cli.At("snap_iter_6.solverstate")), (variables["finished"],
            variables["iteration"], variables["runFolder"], variables["snapshot"]));
        Assert.Equal($"run_id={variables["runId"]}", Path.GetFileName(run));
        Assert.Equal("finished", Tag());
        string summary = Assert.Single(
            PipelineAgent.ReadAll(_cli.Out), command => command.Action == "task.uploadsummary").Text;
        Assert.Equal(Path.Combine(run, "summary.md"), summary);
        string page = await File.ReadAllTextAsync(summary, TestContext.Current.CancellationToken);
        Assert.Contains("# solver: finished\n", page, StringComparison.Ordinal);
        Assert.Matches(@"\| train/loss \| [\d.]+ \| 4 \|", page);
        Assert.Contains("| Iterations | 6 of 6 |", page, StringComparison.Ordinal);

        // Nothing was left to do, and the steps that follow hear the same of it.
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(_cli.At("solver.prototxt"), "--resume", "auto"));
        Assert.Equal((variables["runId"], "true"), (Variables()["runId"], Variables()["finished"]));
    }

    [Fact]
    public async Task StoppedRun_IsTaggedSo()
    {
        string solver = _cli.Solver(_cli.Database(), "max_iter: 100000000 base_lr: 0.001");
        Assert.Equal(ExitCodes.StoppedResumable, await _cli.TrainAsync(solver, "--time-budget", "1s"));
        Assert.Equal(("stopped", "false"), (Tag(), Variables()["finished"]));
        Assert.EndsWith(".solverstate", Variables()["snapshot"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task DivergedRun_IsAnIssueAndATag()
    {
        Assert.Equal(ExitCodes.Diverged,
            await _cli.TrainAsync(_cli.Solver(_cli.Database(), "max_iter: 500 base_lr: 1e30")));
        Assert.Equal("diverged", Tag());
        (_, Dictionary<string, string> properties, string text) = Assert.Single(PipelineAgent.ReadAll(_cli.Out),
            command => command.Action == "task.logissue" && command.Properties["type"] == "error");
        Assert.Equal("CFA1601", properties["code"]);
        Assert.Contains("iteration", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MistakeInAFile_IsAnIssueWithItsPlace()
    {
        string solver = _cli.Write("solver.prototxt", "\nbas_lr: 1");
        Assert.Equal(ExitCodes.Configuration, await _cli.TrainAsync(solver));
        Dictionary<string, string> properties = Assert.Single(PipelineAgent.ReadAll(_cli.Out)).Properties;
        Assert.Equal((solver, "2", "1", "CFA1102"), (properties["sourcepath"], properties["linenumber"],
            properties["columnnumber"], properties["code"]));
    }

    [Fact]
    public async Task WrongUsage_IsAnIssue()
    {
        Assert.Equal(ExitCodes.Configuration, await _cli.RunAsync("train", "--no-such-flag"));
        Assert.Equal("CFA1000", Assert.Single(PipelineAgent.ReadAll(_cli.Out)).Properties["code"]);
    }

    [Fact]
    public async Task Warnings_AreIssues()
    {
        // A layer that is dead from the first display on.
        string solver = _cli.Solver(
            _cli.Database(), ip: "num_output: 3 bias_filler { type: 'constant' value: -1000 }");
        string net = _cli.At("net.prototxt");
        _cli.Write("net.prototxt", File.ReadAllText(net).Replace("layer { name: \"loss\"",
            "layer { name: \"relu\" type: \"ReLU\" bottom: \"ip\" top: \"ip\" } layer { name: \"loss\"",
            StringComparison.Ordinal));
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(solver));
        string[] warned = [.. _cli.Error.Split('\n').Where(line => line.StartsWith('W'))
            .Select(line => line[(line.IndexOf("] ", StringComparison.Ordinal) + 2)..].TrimEnd())];
        Assert.Contains(warned, line => line.Contains("nothing but zeros", StringComparison.Ordinal));
        Assert.Equal(warned, PipelineAgent.ReadAll(_cli.Out)
            .Where(command => command.Action == "task.logissue" && command.Properties["type"] == "warning")
            .Select(command => command.Text));
    }

    [Fact]
    public async Task NamesInFiles_AreNoCommands()
    {
        const string Command = "##vso[task.setvariable variable=PATH]x";
        string solver = _cli.Solver(_cli.Database());
        string net = _cli.At("net.prototxt");
        _cli.Write("net.prototxt", File.ReadAllText(net).Replace("tiny", Command, StringComparison.Ordinal));
        using Process process = CliProcess.Start([("TF_BUILD", "True")],
            ["train", "--solver", solver, "--output-root", _cli.At("runs"), "--max-iter", "2"]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string log = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Done, await process.ExitAsync());
        Assert.DoesNotContain("##vso", log, StringComparison.Ordinal);
        Assert.Contains("Solving ## vso[task.setvariable variable=PATH]x", log, StringComparison.Ordinal);
        Assert.Contains(PipelineAgent.ReadAll(await output), command => command.Action == "task.uploadsummary");
        Assert.DoesNotContain(Command, await output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAPipeline_NothingIsWritten()
    {
        _cli.Environment.Clear();
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(_cli.Solver(_cli.Database())));
        Assert.Empty(_cli.Out);
    }

    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long GetTimestamp() => (long)(Seconds * TimestampFrequency);
    }
}
