using CaffeActors.Analysis.Comparison;
using CaffeActors.Analysis.Queries;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Tests.Comparison;

public sealed class RunComparisonTests : IDisposable
{
    private readonly SampleRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Of_SumsUpEachRunInTheOrderGiven()
    {
        RunRecord a = _runs.Add("a", sink => _runs.Curve(sink, "loss", 3, 1, 2));
        RunRecord b = _runs.Add("b", sink => _runs.Curve(sink, "loss", 4, double.NaN, 5, 6));
        RunRecord c = _runs.Add("c");
        RunComparison comparison = Compare([b, a, c], "loss", 0);
        Assert.Equal(new MetricKey("train", "loss"), comparison.Metric);
        Assert.Equal(
            [
                new(b.Manifest.RunId, "b", 4, 4, 6, 40, 4, 10, 6, 40),
                new(a.Manifest.RunId, "a", 3, 3, 2, 30, 1, 20, 3, 10),
                new ComparedRun(c.Manifest.RunId, "c", 0, 0, 0, 0, 0, 0, 0, 0),
            ], comparison.Runs);
    }

    [Fact]
    public void Steps_AreThoseThatAllHave()
    {
        RunRecord a = _runs.Add("a", sink => _runs.Curve(sink, "loss", 3, 1, 2));
        RunRecord b = _runs.Add("b", sink => _runs.Curve(sink, "loss", 4, 7));
        Assert.Equal(["10: 3 4", "20: 1 7"], Steps(Compare([a, b], "loss", 0)));
    }

    [Fact]
    public void Steps_OfRunsThatShareNone_AreAll()
    {
        RunRecord a = _runs.Add("a", sink => _runs.Curve(sink, "loss", 3));
        RunRecord b = _runs.Add("b", sink => sink.Add(15, MetricNames.Train, "loss", 4));
        Assert.Equal(["10: 3 ", "15:  4"], Steps(Compare([a, b], "loss", 0)));
    }

    [Theory]
    [InlineData(1, 100L)]
    [InlineData(2, 10L, 100L)]
    [InlineData(4, 10L, 40L, 70L, 100L)]
    [InlineData(50, 10L, 20L, 30L, 40L, 50L, 60L, 70L, 80L, 90L, 100L)]
    public void Steps_AreEvenlyChosen(int most, params long[] expected)
    {
        RunRecord a = _runs.Add("a", sink => _runs.Curve(sink, "loss", [.. Enumerable.Range(0, 10)]));
        Assert.Equal(expected, Compare([a], "loss", most).Steps.Select(step => step.Step));
    }

    [Fact]
    public void Of_SeveralWorkers_TakesTheirMean()
    {
        RunRecord a = _runs.Add("a", sink =>
        {
            sink.Add(10, MetricNames.Train, "replica_loss", 1, rank: 0);
            sink.Add(10, MetricNames.Train, "replica_loss", 2, rank: 1);
        });
        ComparedRun compared = Compare([a], "replica_loss", 0).Runs[0];
        Assert.Equal((1L, 1.5), (compared.Values, compared.Last));
    }

    [Theory]
    [InlineData("loss", "train/loss")]
    [InlineData("accuracy", "test0/accuracy")]
    [InlineData("test10/accuracy", "test10/accuracy")]
    [InlineData("output/loss", "train/output/loss")]
    [InlineData("layer/forward_ms/conv1", "layer/forward_ms/conv1")]
    [InlineData("rss_bytes", "system/rss_bytes")]
    public void Metrics_AreFoundByNameOrSplitAndName(string text, string expected)
    {
        RunRecord run = Measured();
        using MetricDatabase database = MetricDatabase.Open([run]);
        Assert.Equal(expected, MetricKey.Find(database, text).ToString());
    }

    [Fact]
    public void Metric_ThatNoRunHas_IsToldWithTheNearest()
    {
        RunRecord run = Measured();
        using MetricDatabase database = MetricDatabase.Open([run]);
        var failure = Assert.Throws<CaffeException>(() => MetricKey.Find(database, "acuracy"));
        Assert.Equal((ErrorCodes.UnknownMetric, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains("did you mean 'accuracy'?", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_AreInTheOrderOfTheirSplits()
    {
        RunRecord run = Measured();
        using MetricDatabase database = MetricDatabase.Open([run]);
        Assert.Equal(
            [
                "train/loss", "train/output/loss", "test0/accuracy", "test0/loss", "test10/accuracy",
                "system/rss_bytes", "system/segment_start", "layer/forward_ms/conv1",
            ], MetricKey.All(database).Select(key => key.ToString()));
    }

    private RunRecord Measured() => _runs.Add("a", sink =>
    {
        foreach (string key in new[] { "train loss", "train output/loss", "test10 accuracy", "test0 accuracy",
            "test0 loss", "layer forward_ms/conv1", "system rss_bytes" })
        {
            sink.Add(10, key.Split(' ')[0], key.Split(' ')[1], 1);
        }
    });

    private static RunComparison Compare(IReadOnlyList<RunRecord> runs, string metric, int steps)
    {
        using MetricDatabase database = MetricDatabase.Open(runs);
        return RunComparison.Of(database, MetricKey.Find(database, metric), steps);
    }

    private static IEnumerable<string> Steps(RunComparison comparison) =>
        comparison.Steps.Select(step => $"{step.Step}: {string.Join(' ', step.Values)}");
}
