using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;
using CaffeActors.Data.Tests.Snapshots;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Runs;

/// <summary>A clock that is set back changes what times are told, and nothing else.</summary>
public sealed class ClockSetBackTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void ResumedRun_CountsSegmentsRowsAndSnapshotsAsEver()
    {
        string path;
        using (RunDirectory run = Create())
        {
            path = run.Path;
            using var sink = ParquetMetricSink.Open(run.MetricsPath, _time, run.BeginSegment(0), firstStep: 0);
            for (int step = 1; step <= 3; step++)
                sink.Add(step, MetricNames.Train, "loss", step);
            Save(run, iteration: 2, segment: 0);
            Save(run, iteration: 3, segment: 0);
        }

        _time.SetBack(TimeSpan.FromDays(30));
        using RunDirectory again = RunDirectory.Open(path, _time);
        Assert.Equal(1, again.BeginSegment(2));
        Assert.True(again.Manifest.Segments[1].Started < again.Manifest.Segments[0].Started);
        using (var sink = ParquetMetricSink.Open(again.MetricsPath, _time, segment: 1, firstStep: 2))
            sink.Add(3, MetricNames.Train, "loss", 30);
        Save(again, iteration: 3, segment: 1);
        Assert.Equal([(1L, 1.0), (2, 2), (3, 30)], MetricReader.Read(again.MetricsPath)
            .Where(row => row.Name == "loss").Select(row => (row.Step, row.Value)));
        Assert.Equal(1, new SnapshotStore(again.SnapshotPrefix).Newest(again.RunId).Newest?.Resume?.MetricSegment);
    }

    [Fact]
    public void ClockSetBackWhileTraining_HoldsUpNoRow()
    {
        using RunDirectory run = Create();
        using var sink = ParquetMetricSink.Open(run.MetricsPath, _time, run.BeginSegment(0), firstStep: 0);
        sink.Add(1, MetricNames.Train, "loss", 1);
        _time.SetBack(TimeSpan.FromHours(3));
        Assert.False(sink.FlushIfDue());
        _time.Advance(sink.FlushInterval);
        Assert.True(sink.FlushIfDue());
    }

    [Fact]
    public void RunsBegunAtTheSameTime_AreTwo_AndTheSecondIsNewer()
    {
        using RunDirectory first = Create();
        _time.Advance(TimeSpan.FromHours(1));
        _time.SetBack(TimeSpan.FromHours(1));
        using RunDirectory second = Create();
        Assert.NotEqual(first.RunId, second.RunId);
        Assert.Equal([second.RunId, first.RunId], RunIndex.List(_root.Path).Select(run => run.Manifest.RunId));
        Assert.Equal("run_id=" + second.RunId, File.ReadAllText(_root.At(RunDirectory.LatestName)).Trim());
    }

    private static void Save(RunDirectory run, int iteration, int segment) => new SnapshotStore(run.SnapshotPrefix)
        .Save(Sample.Net(), Sample.Progress(iteration), Sample.Resume(run.RunId, segment));

    private RunDirectory Create() => RunDirectory.Create(_root.Path,
        new RunManifest { Name = "lenet", NetHash = "a", SolverHash = "b", SnapshotPrefix = "snapshots/lenet" }, _time);
}
