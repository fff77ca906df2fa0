using CaffeActors.Analysis.Charts;
using CaffeActors.Analysis.Comparison;
using CaffeActors.Analysis.Queries;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Tests.Charts;

public sealed class RunChartsTests : IDisposable
{
    private readonly SampleRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Kinds_AreCaffesEightByNumber() => Assert.Equal(
        [
            "0 test-accuracy-iterations", "1 test-accuracy-seconds", "2 test-loss-iterations",
            "3 test-loss-seconds", "4 learning-rate-iterations", "5 learning-rate-seconds",
            "6 training-loss-iterations", "7 training-loss-seconds",
        ], ChartKind.All.Select(kind => $"{kind.Number} {kind.Name}"));

    [Theory]
    [InlineData("3", 3)]
    [InlineData("learning-rate-seconds", 5)]
    [InlineData("8", null)]
    public void Kinds_AreFoundByNumberAndName(string text, int? number) =>
        Assert.Equal(number, ChartKind.Find(text)?.Number);

    [Theory]
    [InlineData(ChartQuantity.TestAccuracy, "test0/accuracy", "test0/accuracy_top5", "test0/accuracy", "test1/a")]
    [InlineData(ChartQuantity.TestAccuracy, "test0/accuracy5", "test0/accuracy_top10", "test0/accuracy5")]
    [InlineData(ChartQuantity.TestAccuracy, "test1/accuracy", "test0/loss", "test1/accuracy")]
    [InlineData(ChartQuantity.TestAccuracy, "test0/loss3/top-1", "test0/loss1/top-1", "test0/loss3/top-1",
        "test0/loss3/top-5")]
    [InlineData(ChartQuantity.TestAccuracy, null, "train/accuracy", "test0/loss")]
    [InlineData(ChartQuantity.TestLoss, "test0/loss", "train/loss", "test0/accuracy", "test0/loss")]
    [InlineData(ChartQuantity.TestLoss, "test0/loss3/loss3", "test0/loss1/loss1", "test0/loss3/loss3",
        "test0/loss3/top-1")]
    [InlineData(ChartQuantity.TestLoss, "test0/total_loss", "test0/loss1", "test0/total_loss")]
    [InlineData(ChartQuantity.TrainLoss, "train/loss", "test0/loss", "train/loss")]
    [InlineData(ChartQuantity.LearningRate, "train/lr", "train/loss", "train/lr")]
    public void Quantities_ChooseAmongTheOutputs(ChartQuantity quantity, string? expected, params string[] metrics) =>
        Assert.Equal(expected, QuantityChoice.Of(quantity, metrics.Select(text =>
            new MetricKey(text[..text.IndexOf('/')], text[(text.IndexOf('/') + 1)..])))?.ToString());

    [Fact]
    public void Charts_HaveALineForEachRunThatHasIt()
    {
        RunRecord a = _runs.Add("a", sink => _runs.Curve(sink, "loss", 3, 1));
        RunRecord b = _runs.Add("b", sink => _runs.Curve(sink, "lr", 0.1));
        RunRecord c = _runs.Add("a", sink => _runs.Curve(sink, "loss", 5));
        using MetricDatabase database = MetricDatabase.Open([a, b, c]);
        var charts = new RunCharts(database, 0);
        Chart losses = charts.Of(ChartKind.All[6])!;
        Assert.Equal(("Training loss", "iterations", "training loss"), (losses.Title, losses.XLabel, losses.YLabel));
        Assert.Equal([$"a {a.Manifest.RunId}", $"a {c.Manifest.RunId}"], losses.Lines.Select(line => line.Label));
        Assert.Equal([10, 20], losses.Lines[0].Xs);
        Assert.Equal([3, 1], losses.Lines[0].Ys);
        Assert.Equal("Learning rate: b", charts.Of(ChartKind.All[4])!.Title);
        Assert.Null(charts.Of(ChartKind.All[0]));
        Assert.Equal([1, 2], charts.Of(new MetricKey("train", "loss"), overSeconds: true)!.Lines[0].Xs);
    }

    [Fact]
    public void Smoothing_IsForWhatIsMany()
    {
        RunRecord run = _runs.Add("a", sink =>
        {
            _runs.Curve(sink, "loss", 3, 1);
            _runs.Curve(sink, "lr", 0.1);
        });
        using MetricDatabase database = MetricDatabase.Open([run]);
        var charts = new RunCharts(database, 0.5);
        Assert.Equal(0.5, charts.Of(ChartKind.All[6])!.SmoothingWeight);
        Assert.Equal(0, charts.Of(ChartKind.All[4])!.SmoothingWeight);
        Assert.Equal(0.5, charts.Of(new MetricKey("train", "lr"), overSeconds: false)!.SmoothingWeight);
    }

    [Fact]
    public void Seconds_LeaveOutPausesAndWhatWasDoneAgain()
    {
        RunRecord run = _runs.Add("a", sink => _runs.Curve(sink, "loss", 9, 8, 7, 6, 5));
        // Snapshot at 30; killed at 50, an hour off, and on from 30.
        _runs.Time.Advance(TimeSpan.FromHours(1));
        using (var sink = ParquetMetricSink.Open(RunDirectory.MetricsPathOf(run.Path), _runs.Time, 1, 30))
        {
            _runs.Time.Advance(TimeSpan.FromSeconds(4));
            sink.Add(40, MetricNames.Train, "loss", 1);
        }

        using MetricDatabase database = MetricDatabase.Open([run]);
        ChartLine line = new RunCharts(database, 0).Of(ChartKind.All[7])!.Lines[0];
        Assert.Equal([1, 2, 3, 7], line.Xs);
        Assert.Equal([9, 8, 7, 1], line.Ys);
    }
}
