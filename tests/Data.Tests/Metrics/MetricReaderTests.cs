using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Testing;
using CsCheck;

namespace CaffeActors.Data.Tests.Metrics;

public sealed class MetricReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Effective_DropsWhatAResumeReplaced()
    {
        MetricRow[] rows =
        [
            Start(0, 0), Loss(50, 0), Loss(100, 0), Loss(150, 0),
            Start(100, 1), Loss(120, 1), Loss(170, 1),
            Start(150, 2), Loss(200, 2),
        ];
        Assert.Equal([(0L, 0), (50L, 0), (100L, 0), (100L, 1), (120L, 1), (150L, 2), (200L, 2)], Counting(rows));
    }

    [Fact]
    public void Effective_GoesBackToTheLeastOfAllLaterStarts()
    {
        MetricRow[] rows =
            [Start(0, 0), Loss(70, 0), Loss(90, 0), Start(100, 1), Loss(130, 1), Start(80, 2), Loss(85, 2)];
        Assert.Equal([(0L, 0), (70L, 0), (80L, 2), (85L, 2)], Counting(rows));
    }

    [Fact]
    public void Effective_AtTheSeam_CountsTheNewerOfEqualRowsAndKeepsTheRest()
    {
        MetricRow accuracy = Loss(100, 0) with { Split = "test0", Name = "accuracy" };
        MetricRow[] rows = [Start(0, 0), Loss(100, 0), accuracy, Start(100, 1), Loss(100, 1)];
        Assert.Equal([rows[0], accuracy, rows[3], rows[4]], MetricReader.Effective(rows));
    }

    [Fact]
    public void Effective_KeepsRowsOfOneSegmentThatAreAlike()
    {
        MetricRow[] rows = [Start(0, 0), Loss(100, 0), Loss(100, 0)];
        Assert.Equal(rows, MetricReader.Effective(rows));
    }

    [Fact]
    public void Read_AgreesWithTheSqlOfTheDocumentation()
    {
        string sql = Documentation.SqlOf("metrics.md", block => block.Contains("ANTI JOIN", StringComparison.Ordinal));
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 40]).Array[1, 5].Array[20].Sample(runs =>
        {
            using var folder = new TemporaryFolder();
            List<object?[]> expected = [];
            for (int run = 0; run < runs.Length; run++)
            {
                string id = $"20261122-212221-{run:x4}";
                string metrics = folder.At(Path.Combine("runs", "run_id=" + id, "metrics"));
                Record(metrics, runs[run]);
                expected.AddRange(MetricReader.Read(metrics).Select(row =>
                    new object?[] { id, row.Step, row.Name, row.Value, row.Rank, row.Segment }));
            }

            List<object?[]> actual = DuckDb.Query(folder.Path,
                $"SELECT run_id, step, name, value, rank, segment FROM ({sql}) "
                + "ORDER BY run_id, segment, step, name DESC");
            Assert.Equal(expected, actual);
        }, iter: 2, threads: 1);
    }

    [Fact]
    public void Read_OfNoFolder_IsEmpty() => Assert.Empty(MetricReader.Read(_folder.At("none")));

    [Fact]
    public void Read_OfADamagedPart_NamesIt()
    {
        using (var sink = ParquetMetricSink.Open(_folder.Path, new ManualTime(), 0, 0))
            sink.Add(1, "train", "loss", 1);
        string part = _folder.At("part-00001.parquet");
        byte[] whole = File.ReadAllBytes(part);
        for (int length = 0; length < whole.Length; length += 97)
        {
            File.WriteAllBytes(part, whole[..length]);
            var failure = Assert.Throws<CaffeException>(() => MetricReader.Read(_folder.Path));
            Assert.Equal((ErrorCodes.BadRecord, FailureKind.Data), (failure.Code, failure.Kind));
            Assert.Contains(part, failure.Message, StringComparison.Ordinal);
        }
    }

    private static void Record(string metrics, (int Start, int Length)[] segments)
    {
        for (int segment = 0; segment < segments.Length; segment++)
        {
            (int start, int length) = segments[segment];
            using var sink = ParquetMetricSink.Open(metrics, new ManualTime(), segment, start);
            for (int step = start; step < start + length; step += 3)
                sink.Add(step, "train", "loss", (100 * segment) + step, rank: step % 2);
        }
    }

    private static (long Step, int Segment)[] Counting(MetricRow[] rows) =>
        [.. MetricReader.Effective(rows).Select(row => (row.Step, row.Segment))];

    private static MetricRow Loss(long step, int segment) =>
        new(step, null, "train", "loss", 1, DateTimeOffset.UnixEpoch, 0, segment);

    private static MetricRow Start(long step, int segment) =>
        Loss(step, segment) with { Split = "system", Name = MetricNames.SegmentStart };
}
