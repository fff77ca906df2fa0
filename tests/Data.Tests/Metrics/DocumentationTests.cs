using CaffeActors.Data.Metrics;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Metrics;

public sealed class DocumentationTests
{
    [Fact]
    public void EveryQueryOfThePage_RunsAndFindsRows()
    {
        using var folder = new TemporaryFolder();
        foreach (string run in new[] { "20261122-212221-00a1", "20261123-040506-1234" })
        {
            string metrics = folder.At(Path.Combine("runs", "run_id=" + run, "metrics"));
            using var sink = ParquetMetricSink.Open(metrics, new ManualTime(), 0, 0);
            sink.Add(100, MetricNames.Train, "loss", 1.5);
            sink.Add(100, MetricNames.Test(0), "accuracy", 0.75);
            sink.Add(100, MetricNames.Layer, "forward_ms/conv1", 0.75);
        }

        Assert.NotEmpty(Documentation.Sql("metrics.md"));
        foreach (string sql in Documentation.Sql("metrics.md"))
            Assert.NotEmpty(DuckDb.Query(folder.Path, sql));
    }
}
