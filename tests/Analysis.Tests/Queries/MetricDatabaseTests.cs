using CaffeActors.Analysis.Queries;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Analysis.Tests.Queries;

public sealed class MetricDatabaseTests : IDisposable
{
    private readonly SampleRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Metrics_AreTheRowsThatCount() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 40]).Array[1, 5].Array[20].Sample(runs =>
        {
            using var samples = new SampleRuns();
            List<object?[]> expected = [];
            foreach ((int Start, int Length)[] segments in runs)
            {
                RunRecord run = samples.Add("a", sink => Record(sink, segments[0], 0));
                string metrics = RunDirectory.MetricsPathOf(run.Path);
                for (int segment = 1; segment < segments.Length; segment++)
                {
                    using var sink = ParquetMetricSink.Open(
                        metrics, samples.Time, segment, segments[segment].Start);
                    Record(sink, segments[segment], segment);
                }

                expected.AddRange(MetricReader.Read(metrics).Select(row => new object?[]
                {
                    run.Manifest.RunId, row.Step, row.Epoch, row.Split, row.Name, row.Value, row.Rank, row.Segment,
                }));
            }

            using MetricDatabase database = MetricDatabase.Open(samples.All);
            List<object?[]> actual = Rows(database,
                "SELECT run_id, step, epoch, split, name, value, rank, segment FROM metrics");
            Assert.Equal(Sorted(expected), Sorted(actual));
            // A filter goes below the rule and changes nothing of it.
            Assert.Equal(Sorted(expected.Where(row => row[4] is "loss")), Sorted(Rows(database,
                "SELECT run_id, step, epoch, split, name, value, rank, segment FROM metrics WHERE name = 'loss'")));
        }, iter: 2, threads: 1);

    [Fact]
    public void Documentation_HasTheRule() =>
        Assert.Contains(
            EffectiveRows.Sql("read_parquet('runs/*/metrics/*.parquet', hive_partitioning = true)"),
            File.ReadAllText(Repository.PathOf("docs", "metrics.md")), StringComparison.Ordinal);

    [Fact]
    public void Folders_OfAnyName_HaveTheirRunsIds()
    {
        RunRecord first = _runs.Add("a", sink => _runs.Curve(sink, "loss", 1));
        RunRecord second = _runs.Add("b", sink => _runs.Curve(sink, "loss", 2));
        string other = _runs.At("name=kept", "it's [a] copy");
        Directory.CreateDirectory(_runs.At("name=kept"));
        Directory.Move(second.Path, other);
        using MetricDatabase database = MetricDatabase.Open([first, second with { Path = other }]);
        Assert.Equal(
            [[first.Manifest.RunId, "loss", 1.0], [second.Manifest.RunId, "loss", 2.0]],
            Rows(database, "SELECT run_id, name, value FROM metrics WHERE split = 'train' ORDER BY value"));
    }

    [Fact]
    public void Runs_TellWhatTheManifestsSay()
    {
        RunRecord finished = _runs.Add("it's done");
        using RunDirectory held = _runs.Begin("b");
        string killed;
        using (RunDirectory run = _runs.Begin("c"))
            killed = run.RunId;
        using MetricDatabase database = MetricDatabase.Open(_runs.All);
        Assert.Equal(
            [
                [finished.Manifest.RunId, "it's done", "finished", 100L, 0, 1],
                [held.RunId, "b", "running", 0L, null, 0],
                [killed, "c", "killed", 0L, null, 0],
            ],
            Rows(database, "SELECT run_id, name, state, iterations, exit_code, segments FROM runs ORDER BY number"));
        DateTimeOffset created = finished.Manifest.Created;
        Assert.Equal([[(created - DateTimeOffset.UnixEpoch).Ticks / 10]],
            Rows(database, "SELECT epoch_us(created) FROM runs WHERE number = 1"));
    }

    [Fact]
    public void WithoutMetrics_TheTablesAreEmpty()
    {
        using MetricDatabase database = MetricDatabase.Open([]);
        Assert.Equal([[0L, 0L]], Rows(database, "SELECT (SELECT count(*) FROM metrics), (SELECT count(*) FROM runs)"));
    }

    [Fact]
    public void BadSql_IsToldInDuckDbsWords()
    {
        using MetricDatabase database = MetricDatabase.Open([_runs.Add("a")]);
        var failure = Assert.Throws<CaffeException>(() => database.Query("SELECT stepp FROM metrics"));
        Assert.Equal((ErrorCodes.BadQuery, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains("stepp", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Candidate bindings", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedPart_IsNamed()
    {
        RunRecord run = _runs.Add("a", sink => _runs.Curve(sink, "loss", 1));
        string part = MetricReader.Parts(RunDirectory.MetricsPathOf(run.Path))[0];
        File.WriteAllBytes(part, File.ReadAllBytes(part)[..^9]);
        var failure = Assert.Throws<CaffeException>(() => MetricDatabase.Open([run]));
        Assert.Equal((ErrorCodes.BadRecord, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains(part, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TimesOfDay_NeedNothingFromElsewhere()
    {
        RunRecord run = _runs.Add("a", sink => _runs.Curve(sink, "loss", 1));
        using MetricDatabase database = MetricDatabase.Open([run]);
        object?[] row = Assert.Single(Rows(database, "SELECT max(wall_time) - min(wall_time) FROM metrics"));
        Assert.Equal(TimeSpan.FromSeconds(1), row[0]);
    }

    private static void Record(ParquetMetricSink sink, (int Start, int Length) segment, int number)
    {
        for (int step = segment.Start; step < segment.Start + segment.Length; step += 3)
        {
            sink.Add(step, "train", "loss", (100 * number) + step, rank: step % 2);
            sink.Add(step, "test0", "loss", (100 * number) + step, epoch: 0.5 * step);
        }
    }

    private static List<object?[]> Rows(MetricDatabase database, string sql)
    {
        using QueryResult result = database.Query(sql);
        return [.. result.Rows()];
    }

    private static string[] Sorted(IEnumerable<object?[]> rows) =>
        [.. rows.Select(row => string.Join('|', row)).Order(StringComparer.Ordinal)];
}
