using System.Text.RegularExpressions;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Logs;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Whole runs: the order of steps, what they log, how they stop and fail.</summary>
public sealed partial class TrainingHostTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private string[] Lines => _fixture.Log.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string[] Bodies(params string[] prefixes) =>
    [
        .. Lines.Select(line => line[(line.IndexOf("] ", StringComparison.Ordinal) + 2)..].TrimEnd())
            .Where(body => prefixes.Any(prefix => body.StartsWith(prefix, StringComparison.Ordinal))),
    ];

    [Fact]
    public async Task Steps_ComeInCaffesOrder()
    {
        _fixture.WriteSolver("snapshot: 20");
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan());
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        string[] steps = [.. Bodies("Solving", "Learning Rate", "Iteration", "Snapshotting to", "Optimization")
            .Select(body => StepForm().Replace(body, "$1"))];
        List<string> expected = ["Solving small", "Learning Rate Policy: step"];
        for (int i = 0; i < 40; i += 5)
        {
            if (i % 10 == 0)
                expected.Add($"Iteration {i}, Testing net (#0)");
            expected.AddRange([$"Iteration {i}", $"Iteration {i}, lr"]);
            if (i == 15)
                expected.Add("Snapshotting to");
        }

        expected.AddRange(
            ["Snapshotting to", "Iteration 40, loss", "Iteration 40, Testing net (#0)", "Optimization Done."]);
        Assert.Equal(expected, steps);
    }

    [GeneratedRegex(@"^(Iteration \d+(?:, (?:lr|loss))?(?= \()|Iteration \d+, (?:lr|loss)|Snapshotting to).*$")]
    private static partial Regex StepForm();

    [Fact]
    public async Task Log_IsReadByCaffesParsers()
    {
        await _fixture.RunAsync(_fixture.Plan());
        Assert.All(Lines, line => Assert.Matches(@"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ [^ ]+:\d+\] ", line));
        string log = Path.Combine(_fixture.RunFolder(), "train.log");
        ParseLogTool.Run(log, _fixture.At("tables"));
        string[] train = await File.ReadAllLinesAsync(
            _fixture.At("tables", "train.log.train"), TestContext.Current.CancellationToken);
        string[] test = await File.ReadAllLinesAsync(
            _fixture.At("tables", "train.log.test"), TestContext.Current.CancellationToken);
        Assert.Equal("NumIters,Seconds,LearningRate,loss", train[0]);
        Assert.Equal("NumIters,Seconds,LearningRate,accuracy,loss", test[0]);
        Assert.Equal((9, 6), (train.Length, test.Length));
    }

    [Fact]
    public async Task Metrics_HoldWhatTheContractNames()
    {
        await _fixture.RunAsync(_fixture.Plan() with { SystemMetricsEvery = 10 });
        IReadOnlyList<MetricRow> rows = MetricReader.Read(Path.Combine(_fixture.RunFolder(), "metrics"));
        foreach ((string split, string name) in (ReadOnlySpan<(string, string)>)[
            ("train", "loss"), ("train", "lr"), ("train", "images_per_second"), ("test0", "accuracy"),
                ("test0", "loss"),
            ("layer", "forward_ms/conv"), ("layer", "backward_ms/ip2"), ("system", "rss_bytes"),
            ("system", "data_wait_ms/data"), ("system", "prefetch_depth/data"), ("system", "segment_start")])
        {
            Assert.Contains(rows, row => row.Split == split && row.Name == name);
        }

        Assert.Equal(5 * 8.0 / TrainingFixture.Records, rows.First(row => row is { Step: 5, Name: "lr" }).Epoch!.Value,
            1e-9);
        Assert.Equal([0, 10, 20, 30, 40], rows.Where(row => row is { Split: "test0", Name: "accuracy" })
            .Select(row => row.Step));
    }

    [Fact]
    public async Task DebugInfo_IsToldAtDisplaysOnly()
    {
        _fixture.WriteSolver("debug_info: true test_initialization: false");
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = 9 }));
        Assert.Equal(2, Bodies("    [Backward] All net params").Length);
        Assert.Equal(2, Bodies("    [Forward] Layer conv, top blob conv data").Length);
    }

    [Fact]
    public async Task TestInitialization_CanBeLeftOut()
    {
        _fixture.WriteSolver("test_initialization: false snapshot_after_train: false");
        await _fixture.RunAsync(_fixture.Plan());
        Assert.DoesNotContain("Iteration 0, Testing net (#0)", Bodies("Iteration"));
        Assert.Empty(Directory.GetFiles(Path.Combine(_fixture.RunFolder(), "snapshots")));
    }

    [Theory]
    [InlineData(RunRequest.Stop, true, true)]
    [InlineData(RunRequest.Stop, false, false)]
    [InlineData(RunRequest.StopWithSnapshot, false, true)]
    public async Task Stop_EndsTheRunInOrder(RunRequest request, bool snapshotAfterTrain, bool snapshot)
    {
        _fixture.WriteSolver($"snapshot_after_train: {(snapshotAfterTrain ? "true" : "false")}");
        TrainingHost host = _fixture.Host(_fixture.Plan(new PlanOptions { MaxIter = 1_000_000 }));
        host.Request(request);
        RunOutcome outcome = await host.RunAsync(static _ => 3)
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(RunEnd.Stopped, outcome.End);
        Assert.Contains("Optimization stopped early.", Bodies("Optimization"));
        Assert.Equal(snapshot, Directory.GetFiles(Path.Combine(_fixture.RunFolder(), "snapshots")).Length == 3);
    }

    [Fact]
    public async Task SnapshotRequest_WritesOneAndGoesOn()
    {
        _fixture.WriteSolver("snapshot_after_train: false");
        TrainingHost host = _fixture.Host(_fixture.Plan());
        host.Request(RunRequest.Snapshot);
        RunOutcome outcome = await host.RunAsync(static _ => 0)
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(RunEnd.Finished, outcome.End);
        Assert.Equal(3, Directory.GetFiles(Path.Combine(_fixture.RunFolder(), "snapshots")).Length);
    }

    [Fact]
    public async Task TimeBudget_StopsWithASnapshot()
    {
        _fixture.WriteSolver("snapshot_after_train: false");
        var time = new SteppingTime(TimeSpan.FromSeconds(1));
        RunPlan plan = _fixture.Plan(new PlanOptions { MaxIter = 1_000_000, TimeBudget = TimeSpan.FromMinutes(2) });
        RunOutcome outcome = await _fixture.RunAsync(plan, time);
        Assert.Equal(RunEnd.Stopped, outcome.End);
        Assert.InRange(outcome.Iteration, 1, 200);
        Assert.Equal(3, Directory.GetFiles(Path.Combine(_fixture.RunFolder(), "snapshots")).Length);
    }

    [Fact]
    public async Task LabelWithoutAClass_NamesRecordLayerAndIteration()
    {
        using var wide = new TrainingFixture(classes: 6);
        RunOutcome outcome = await wide.RunAsync(wide.Plan());
        Assert.Equal((RunEnd.Failed, FailureKind.Data), (outcome.End, outcome.Failure!.Kind));
        Assert.Equal(ErrorCodes.LabelOutOfRange, outcome.Failure.Code);
        Assert.Matches(@"'loss'.*iteration 0.*record '0000\d{4}' of layer 'data'", outcome.Failure.Message);
    }

    [Fact]
    public async Task Divergence_NamesTheLayerAndEndsTheRun()
    {
        _fixture.WriteSolver("base_lr: 1e30");
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan());
        Assert.Equal((RunEnd.Failed, FailureKind.Diverged), (outcome.End, outcome.Failure!.Kind));
        Assert.Matches("conv|ip1|ip2", outcome.Failure.Message);
    }

    [Fact]
    public async Task FolderThatCannotBeWritten_FailsBeforeTheFirstIteration()
    {
        File.WriteAllText(_fixture.At("runs"), "a file where the folder should be");
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(_fixture.Plan()));
        Assert.Equal((ErrorCodes.WriteFailed, FailureKind.Data), (failure.Code, failure.Kind));
    }

    /// <summary>A clock that moves on by a step each time it is read.</summary>
    private sealed class SteppingTime(TimeSpan step) : TimeProvider
    {
        private long _ticks = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Add(ref _ticks, step.Ticks);

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);
    }
}
