using CaffeActors.Analysis.Queries;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Tests.Queries;

public sealed class StandardQueriesTests : IDisposable
{
    private readonly SampleRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Runs_HaveTheirLastLossAndBestAccuracy()
    {
        RunRecord a = _runs.Add("a", sink =>
        {
            _runs.Curve(sink, "loss", 3, 1, 2);
            sink.Add(10, "test0", "accuracy_top5", 0.99);
            sink.Add(10, "test0", "accuracy", 0.75);
            sink.Add(20, "test0", "accuracy", 0.5);
            sink.Add(30, "test0", "accuracy", double.NaN);
        });
        RunRecord b = _runs.Add("b");
        using MetricDatabase database = MetricDatabase.Open(_runs.All);
        using QueryResult result = database.Query(StandardQueries.Runs);
        Assert.Equal(["run", "name", "state", "created", "iterations", "loss", "best_accuracy"], result.Columns);
        object?[][] rows = [.. result.Rows()];
        Assert.Equal([b.Manifest.RunId, "b", "finished", b.Manifest.Created.UtcDateTime, 100L, null, null], rows[0]);
        Assert.Equal([a.Manifest.RunId, "a", "finished", a.Manifest.Created.UtcDateTime, 100L, 2.0, 0.75], rows[1]);
    }

    [Fact]
    public void Metrics_AreSummedUp()
    {
        RunRecord run = _runs.Add("a", sink =>
        {
            _runs.Curve(sink, "loss", 3, double.NaN, 1, 2);
            sink.Add(10, "test10", "accuracy", 0.5);
            sink.Add(10, "test2", "accuracy", 0.5);
        });
        using MetricDatabase database = MetricDatabase.Open([run]);
        object?[] test = [1L, 0.5, 0.5, 10L, 0.5, 10L, 0.5, 10L];
        using (QueryResult result = database.Query(StandardQueries.Metrics()))
        {
            Assert.Equal(
                [
                    ["train", "loss", 4L, 3.0, 2.0, 40L, 1.0, 30L, 3.0, 10L], ["test2", "accuracy", .. test],
                    ["test10", "accuracy", .. test],
                ], result.Rows());
        }

        using QueryResult only = database.Query(StandardQueries.Metrics("test2"));
        Assert.Equal([["test2", "accuracy", .. test]], only.Rows());
    }
}
