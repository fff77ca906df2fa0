using System.Diagnostics;
using System.Xml.Linq;
using CaffeActors.Cli;
using CaffeActors.Data.Runs;
using CaffeActors.Testing;

namespace CaffeActors.Pipelines.Tests;

/// <summary>Nights of train.yml, played on this machine: each a fresh folder, artifacts from one to the next.</summary>
public sealed class NightlyTests : IDisposable
{
    private const string Template = "pipelines/templates/train.yml";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // A net on random images that are all of one class: it learns that at once.
    private string Configuration(string acceptance)
    {
        string net = _folder.Write("net.prototxt", """
            name: "night"
            layer { name: "data" type: "DummyData" top: "data" top: "label"
              dummy_data_param { shape { dim: 8 dim: 10 } shape { dim: 8 } data_filler { type: "gaussian" std: 1 }
                data_filler { type: "constant" value: 1 } } }
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
              inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
            layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy"
              include { phase: TEST } }
            """);
        string solver = _folder.Write("solver.prototxt", $"""
            net: "{net}" base_lr: 0.05 lr_policy: "fixed" display: 100 test_iter: 2 test_interval: 1000
            max_iter: 100000000 snapshot_prefix: "night" solver_mode: CPU
            """);
        return _folder.Write("night.hocon", $$"""
            train { solver = "{{solver}}", seed = 3 }
            compute.threads = 1
            snapshot.keep-last = 2
            acceptance { {{acceptance}} }
            """);
    }

    private async Task<PlayedJob> NightAsync(
        int night, string configuration, string begin, string budget = "50m", string arguments = "")
    {
        var job = new PlayedJob(_folder.At($"night{night}"), _folder.At("store"));
        await job.PlayAsync(Template, ("config", configuration), ("begin", begin), ("timeBudget", budget),
            ("arguments", arguments));
        return job;
    }

    [Fact]
    public async Task ThreeNights_AreOneTraining()
    {
        string configuration = Configuration("accuracy >= 0.9");
        PlayedJob first = await NightAsync(1, configuration, "true", "1s");
        Assert.True(first.Succeeded, first.Output);
        Assert.Equal(["stopped", "has-runs"], first.Tags);
        Assert.DoesNotContain("Take the last slice's runs", first.Ran);
        Assert.Equal("false", first["train.finished"]);
        Assert.Empty(first.TestResults);

        PlayedJob second = await NightAsync(2, configuration, "false", "1s");
        Assert.True(second.Succeeded, second.Output);
        Assert.Contains("Take the last slice's runs", second.Ran);
        Assert.Equal(first["train.runId"], second["train.runId"]);
        int reached = int.Parse(second["train.iteration"]);
        Assert.True(reached > int.Parse(first["train.iteration"]), second.Output);

        // The last night comes to the end a little later, on an iteration that is tested.
        int end = ((reached / 1000) + 1) * 1000;
        PlayedJob third = await NightAsync(3, configuration, "false", arguments: $"--max-iter {end}");
        Assert.True(third.Succeeded, third.Output);
        Assert.Equal(["finished", "has-runs"], third.Tags);
        Assert.Equal((first["train.runId"], "true", $"{end}"),
            (third["train.runId"], third["train.finished"], third["train.iteration"]));
        string results = Assert.Single(third.TestResults);
        Assert.Equal("0", (string?)XDocument.Load(results).Root!.Element("testsuite")!.Attribute("failures"));

        RunRecord run = Assert.Single(RunIndex.List(_folder.At("store", "runs")));
        Assert.Equal((3, RunState.Finished, 0),
            (run.Manifest.Segments.Count, run.Manifest.State, run.Manifest.ExitCode));
        string[] report = [.. Directory.GetFiles(_folder.At("store", "runs-report")).Select(Path.GetFileName)!];
        Assert.Equal(
            ["manifest.json", "report.html", "summary.md", "train.log.test", "train.log.train"], report.Order());
        Assert.NotEmpty(Directory.GetFiles(_folder.At("store", "runs-report", "charts"), "*.png"));

        // A night after the end finds nothing to do, which is well.
        PlayedJob fourth = await NightAsync(4, configuration, "false", arguments: $"--max-iter {end}");
        Assert.True(fourth.Succeeded, fourth.Output);
        Assert.Equal("finished", fourth.Tags[0]);
    }

    [Fact]
    public async Task TrainingThatIsNotAccepted_FailsAndIsHandedOn()
    {
        PlayedJob night = await NightAsync(1, Configuration("loss <= -1"), "true", arguments: "--max-iter 1000");
        Assert.False(night.Succeeded);
        Assert.Equal(["unaccepted", "has-runs"], night.Tags);
        Assert.Single(night.TestResults);
        Assert.True(Directory.Exists(_folder.At("store", "runs")));
        Assert.Contains("##vso[task.logissue type=error;sourcepath=", night.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NightWithNothingToGoOnFrom_FailsInsteadOfBeginningAnew()
    {
        PlayedJob night = await NightAsync(1, Configuration("accuracy >= 0.9"), "false");
        Assert.False(night.Succeeded);
        Assert.DoesNotContain("Train", night.Ran);
        Assert.Empty(night.Tags);
        Assert.False(Directory.Exists(_folder.At("store")));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task SliceThatIsCancelled_EndsWithASnapshot(string signal)
    {
        var start = new ProcessStartInfo(Repository.PathOf("pipelines", "slice.sh"),
            [Configuration("accuracy >= 0.9"), "--output-root", _folder.At("runs")])
        {
            RedirectStandardError = true,
        };
        start.Environment["CAFFEACTORS"] = $"dotnet {typeof(CommandLine).Assembly.Location}";
        using Process process = Process.Start(start)!;
        string? line = "";
        while (line?.Contains("Iteration 1000, lr", StringComparison.Ordinal) == false)
            line = await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(line);
        using (Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        string log = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("Optimization stopped early.", log, StringComparison.Ordinal);
        RunRecord run = Assert.Single(RunIndex.List(_folder.At("runs")));
        Assert.Equal((RunState.Stopped, 3), (run.Manifest.State, run.Manifest.ExitCode));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(run.Path, "snapshots"), "*.resume"));
    }
}
