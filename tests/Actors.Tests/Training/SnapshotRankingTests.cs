using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>The best snapshot by a metric is known at each test, is never removed, and is known to a resumed
/// run.</summary>
public sealed class SnapshotRankingTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(MetricMode.Max, new[] { 10, 10, 30, 30 })]
    [InlineData(MetricMode.Min, new[] { 10, 20, 20, 20 })]
    public void Best_IsTheSnapshotWhoseTestWasBest(MetricMode mode, int[] best)
    {
        var ranking = new SnapshotRanking(new MetricGoal("test0/accuracy", mode), best: null);
        double[] values = [0.5, 0.4, 0.6, 0.6];
        for (int i = 0; i < values.Length; i++)
        {
            int iteration = 10 * (i + 1);
            ranking.Measure(iteration - 5, mode == MetricMode.Max ? 1 : 0);
            ranking.Add(iteration);
            ranking.Measure(iteration, values[i]);
            Assert.Equal(best[i], ranking.Best?.Iteration);
            Assert.Equal(values[(best[i] / 10) - 1], ranking.Best?.Value);
        }
    }

    [Fact]
    public void Best_CountsASnapshotThatComesAfterItsTest()
    {
        var ranking = new SnapshotRanking(new MetricGoal("test0/accuracy", MetricMode.Max), best: null);
        ranking.Measure(10, 0.5);
        Assert.Null(ranking.Best);
        ranking.Add(10);
        Assert.Equal(new BestSnapshot("test0/accuracy", 10, 0.5), ranking.Best);
    }

    [Fact]
    public void Best_IsNeitherOneThatCouldNotBeWrittenNorANaN()
    {
        var before = new BestSnapshot("test0/loss", 10, 0.5);
        var ranking = new SnapshotRanking(new MetricGoal("test0/loss", MetricMode.Min), before);
        ranking.Add(20);
        ranking.Measure(20, 0.25);
        Assert.Equal(20, ranking.Best?.Iteration);
        ranking.Withdraw(20);
        Assert.Equal(before, ranking.Best);
        ranking.Withdraw(20);
        ranking.Measure(20, 0.25);
        Assert.Equal(before, ranking.Best);
        ranking.Add(30);
        ranking.Measure(30, double.NaN);
        Assert.Equal(before, ranking.Best);
        var first = new SnapshotRanking(new MetricGoal("test0/loss", MetricMode.Min), best: null);
        first.Add(30);
        first.Measure(30, double.NaN);
        Assert.Null(first.Best);
    }

    [Theory]
    [InlineData("test0/accuracy", MetricMode.Max)]
    [InlineData("test0/accuracy", MetricMode.Min)]
    [InlineData("test0/loss", MetricMode.Min)]
    [InlineData("test0/total_loss", MetricMode.Max)]
    public async Task Run_KeepsTheBest_CutOrUncut(string metric, MetricMode mode)
    {
        _fixture.WriteSolver("snapshot: 5 test_compute_loss: true");
        var kept = new SnapshotSettings { KeepLast = 1, KeepEvery = 15, KeepBest = new MetricGoal(metric, mode) };
        await _fixture.RunAsync(_fixture.Plan(runs: "uncut") with { Snapshots = kept });
        foreach (int end in (int[])[10, 22, 40])
        {
            await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = end }, "cut") with
            {
                Snapshots = kept,
                Resume = ResumeMode.Auto,
            });
        }

        // Snapshots and tests fall together at each tenth iteration; the test of the last comes after all pruning.
        string name = metric["test0/".Length..];
        (long Step, double Value)[] tests = [.. MetricReader.Read(Path.Combine(_fixture.RunFolder("uncut"), "metrics"))
            .Where(row => row.Split == "test0" && row.Name == name && row.Step is > 0 and < 40)
            .Select(row => (row.Step, row.Value))];
        Assert.Equal([10L, 20, 30], tests.Select(test => test.Step));
        (long step, double value) = mode == MetricMode.Max ? tests.MaxBy(test => test.Value)
            : tests.MinBy(test => test.Value);
        Assert.Equal(new HashSet<int> { 40, 30, 15, (int)step }.OrderDescending(), Iterations("uncut"));
        Assert.Equal(Iterations("uncut"), Iterations("cut"));
        Assert.Equal(new BestSnapshot(metric, (int)step, value), BestOf("uncut"));
        Assert.Equal(BestOf("uncut"), BestOf("cut"));
        Assert.Contains($"The snapshot of iteration {step} is the best so far by {metric}", _fixture.Log.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task MetricThatNoTestMeasures_IsRefusedWithThoseThereAre()
    {
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(_fixture.Plan() with
        {
            Snapshots = new SnapshotSettings { KeepBest = new MetricGoal("test1/accuracy", MetricMode.Max) },
        }));
        Assert.Equal((ErrorCodes.BadSetting, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains("snapshot.keep-best is 'test1/accuracy'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("test0/accuracy, test0/loss", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("total_loss", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OutputsOfSeveralElements_AreNamedByTheirNumbers()
    {
        var test = new TestDone(1, 0.5f, [new("prob", 0, 0.1, 0), new("prob", 1, 0.9, 0), new("accuracy", 0, 0.7, 0)]);
        Assert.Equal([("prob[0]", 0.1), ("prob[1]", 0.9), ("accuracy", 0.7), ("total_loss", 0.5)],
            TestMetrics.Of(test, withLoss: true));
        Assert.Equal(0.9, TestMetrics.Find(test, "test1/prob[1]"));
        Assert.Null(TestMetrics.Find(test, "test0/accuracy"));
    }

    private IEnumerable<int> Iterations(string runs) => List(runs).Select(entry => entry.Iteration);

    private BestSnapshot? BestOf(string runs) => List(runs)[0].Resume!.BestSnapshot;

    private IReadOnlyList<SnapshotEntry> List(string runs) =>
        new SnapshotStore(Path.Combine(_fixture.RunFolder(runs), "snapshots", "snap")).List();
}
