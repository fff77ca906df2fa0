using System.Text.Json;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli.Tests.Commands;

/// <summary>The commands that look at runs.</summary>
public sealed class MetricsCommandsTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task TrainedRun_IsListedAndShown()
    {
        Assert.Equal(ExitCodes.Done, await _cli.TrainAsync(_cli.Solver(_cli.Database())));
        Assert.Equal(ExitCodes.Done, await MetricsAsync("list"));
        Assert.Matches(@"run +name +state +created +iterations +loss +best_accuracy", _cli.Out);
        Assert.Matches(@"\d{8}-\d{6}-[0-9a-f]{4} .*solver.* finished .* 6 ", _cli.Out);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("show", "latest", "--split", "train"));
        Assert.Matches(@"finished at iteration 6, begun .* UTC, started 1 time\(s\)", _cli.Out);
        Assert.Matches(@"train +loss +\d", _cli.Out);
        Assert.DoesNotContain("rss_bytes", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_PrintsTablesCsvAndJson()
    {
        Run("a", 3, 1);
        const string sql = "SELECT step, value FROM metrics WHERE name = 'loss' ORDER BY step";
        Assert.Equal(ExitCodes.Done, await MetricsAsync("query", sql, "--csv"));
        Assert.Equal("step,value\n10,3\n20,1\n", _cli.Out);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("query", sql, "--json"));
        Assert.Equal("[\n  {\"step\": 10, \"value\": 3},\n  {\"step\": 20, \"value\": 1}\n]\n", _cli.Out);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("query", sql, "--rows", "1"));
        Assert.Contains(" 10 ", _cli.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(" 20 ", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("The first 1 rows", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_LooksOnlyAtTheRunsAskedFor()
    {
        Run("a", 3, 1);
        string second = Run("b", 4);
        Assert.Equal(ExitCodes.Done,
            await MetricsAsync("query", "SELECT count(*) AS n FROM metrics", "--run", second, "--csv"));
        Assert.Equal("n\n2\n", _cli.Out);
    }

    [Fact]
    public async Task Compare_PrintsRunsAndSharedSteps()
    {
        string a = Run("a", 3, 1, 2), b = Run("b", 4, 2);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("compare", a, "latest"));
        Assert.Contains("train/loss:", _cli.Out, StringComparison.Ordinal);
        Assert.Matches($@"{a} +a +3 +3 +2 +30 +1 +20 +3 +10", _cli.Out);
        Assert.Matches($@"step +{a} +{b}", _cli.Out);
        Assert.Matches(@"20 +1 +2", _cli.Out);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("compare", a, b, "--csv"));
        Assert.Contains($"{b},b,2,4,2,20,2,20,4,10\n", _cli.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("compare", a, b, "--json", "--steps", "1"));
        using var json = JsonDocument.Parse(_cli.Out);
        Assert.Equal(2, json.RootElement.GetProperty("runs")[1].GetProperty("last").GetDouble());
        Assert.Equal(20, json.RootElement.GetProperty("steps")[0].GetProperty("step").GetInt64());
    }

    [Fact]
    public async Task Plot_DrawsOneChartOrAll()
    {
        string a = Run("a", 3, 1, 2), b = Run("b", 4, 2);
        string svg = _cli.At("loss.svg");
        Assert.Equal(ExitCodes.Done, await MetricsAsync("plot", a, b, svg, "--smoothing", "0.5"));
        Assert.Contains("Training loss", await File.ReadAllTextAsync(svg, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("plot", a, svg, "--metric", "train/loss", "--seconds"));
        Assert.Contains("Train/loss: a", await File.ReadAllTextAsync(svg, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("plot", "latest", "--all", _cli.At("plots")));
        Assert.Equal(
            [
                "training-loss-iterations.png", "training-loss-iterations.svg", "training-loss-seconds.png",
                "training-loss-seconds.svg",
            ], Directory.GetFiles(_cli.At("plots")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task ImportedLog_IsARunLikeAnyOther()
    {
        string log = _cli.Write("caffe.log", """
            I20140102 03:04:05.000000 7 solver.cpp:1] Solving LeNet
            I20140102 03:04:06.000000 7 solver.cpp:1] Iteration 10 (5 iter/s, 2s/10 iters), loss = 3
            I20140102 03:04:07.000000 7 solver.cpp:1] Optimization Done.
            """);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("import", log, "--name", "caffe"));
        Assert.Equal(ExitCodes.Done, await MetricsAsync("compare", "20140102", Run("a", 2)));
        Assert.Matches(@"20140102-030405-[0-9a-f]{4} +caffe +1 +3 ", _cli.Out);
    }

    [Fact]
    public async Task Export_WritesCsvAndEvents()
    {
        string run = Run("a", 3, 1);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("export", run, _cli.At("a.csv")));
        Assert.Contains("\n20,,train,loss,1,", await File.ReadAllTextAsync(
            _cli.At("a.csv"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Done, await MetricsAsync("export", run, _cli.At("boards"), "--format", "tensorboard"));
        Assert.Contains("events.out.tfevents.", Path.GetFileName(
            Assert.Single(Directory.GetFiles(_cli.At("boards", run)))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CFA1801", "called 'nobody'", "show", "nobody")]
    [InlineData("CFA1802", "did you mean 'loss'?", "compare", "latest", "--metric", "los")]
    [InlineData("CFA1803", "Parser Error", "query", "SELEC 1")]
    [InlineData("CFA1803", "there is no statement", "query", " ; ")]
    [InlineData("CFA1000", "--rows is 0 or more, not -1", "query", "SELECT 1", "--rows", "-1")]
    [InlineData("CFA1000", "did you mean 'test-loss-seconds'?", "plot", "latest", "a.png", "--chart",
        "test-los-seconds")]
    [InlineData("CFA1000", "ends in .png or .svg, not 'a.gif'", "plot", "latest", "a.gif")]
    [InlineData("CFA1000", "a run and a file are needed", "plot", "a.png")]
    [InlineData("CFA1000", "--smoothing is 0 or more and less than 1, not 1", "plot", "latest", "a.png",
        "--smoothing", "1")]
    [InlineData("CFA1000", "--width is 1 to 16384 pixels, not 0", "plot", "latest", "a.png", "--width", "0")]
    [InlineData("CFA1802", "no run looked at has a test accuracy", "plot", "latest", "a.png", "--chart", "0")]
    [InlineData("CFA1000", "--format is csv or tensorboard, not xml", "export", "latest", "a", "--format", "xml")]
    [InlineData("CFA1000", "--json and --csv do not go together", "list", "--json", "--csv")]
    public async Task WrongUse_IsTold(string code, string text, params string[] args)
    {
        Run("a", 1);
        Assert.Equal(ExitCodes.Configuration, await MetricsAsync(args));
        Assert.Contains($"error {code}: ", _cli.Error, StringComparison.Ordinal);
        Assert.Contains(text, _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_WithoutRuns_SaysWhatMakesThem()
    {
        Assert.Equal(ExitCodes.Configuration, await MetricsAsync("list"));
        Assert.Contains("there are no runs in", _cli.Error, StringComparison.Ordinal);
    }

    private Task<int> MetricsAsync(params string[] args) =>
        _cli.RunAsync(["metrics", .. args, "--output-root", _cli.At("runs")]);

    private string Run(string name, params double[] losses)
    {
        using RunDirectory run = RunDirectory.Create(_cli.At("runs"),
            new RunManifest { Name = name, NetHash = "n", SolverHash = "s" }, TimeProvider.System);
        using (var sink = ParquetMetricSink.Open(run.MetricsPath, TimeProvider.System, run.BeginSegment(0), 0))
        {
            for (int i = 0; i < losses.Length; i++)
                sink.Add(10 * (i + 1), MetricNames.Train, "loss", losses[i]);
        }

        run.End(RunState.Finished, 0, 100);
        return run.RunId;
    }
}
