using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Metrics;

public sealed class ParquetMetricSinkTests : IDisposable
{
    private const string Files = "runs/*/metrics/*.parquet";
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly string _metrics;

    public ParquetMetricSinkTests() =>
        _metrics = _folder.At(Path.Combine("runs", "run_id=20261122-212221-00a1", "metrics"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Parts_InDuckDb_HaveTheContractsColumns()
    {
        using (ParquetMetricSink sink = Open())
            sink.Add(0, MetricNames.Train, "loss", 2.5, epoch: 0.25);
        List<object?[]> columns = DuckDb.Query(_folder.Path,
            $"SELECT column_name, column_type FROM (DESCRIBE {SelectAll})");
        Assert.Equal(
            [
                ["step", "BIGINT"], ["epoch", "DOUBLE"], ["split", "VARCHAR"], ["name", "VARCHAR"],
                ["value", "DOUBLE"], ["wall_time", "TIMESTAMP WITH TIME ZONE"], ["rank", "INTEGER"],
                ["segment", "INTEGER"], ["run_id", "VARCHAR"],
            ], columns);
        List<object?[]> schema = DuckDb.Query(_folder.Path,
            $"SELECT name, type, repetition_type, logical_type FROM parquet_schema('{Files}') WHERE num_children IS "
            + $"NULL");
        Assert.Equal(["INT64", "DOUBLE", "BYTE_ARRAY", "BYTE_ARRAY", "DOUBLE", "INT64", "INT32", "INT32"],
            schema.DistinctBy(column => column[0]).Select(column => column[1]));
        Assert.Equal("OPTIONAL", schema.First(column => column[0] is "epoch")[2]);
        var wallTime = (string)schema.First(column => column[0] is "wall_time")[3]!;
        Assert.Contains("isAdjustedToUTC=1", wallTime, StringComparison.Ordinal);
        Assert.Contains("MICROS=Micro", wallTime, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_InDuckDb_HoldTheRows()
    {
        using (ParquetMetricSink sink = Open())
        {
            sink.Add(3, MetricNames.Train, "loss", 2.5, epoch: 0.25);
            _time.Advance(TimeSpan.FromTicks(15));
            sink.Add(7, MetricNames.Test(1), "accuracy", double.NaN, rank: 2);
        }

        List<object?[]> rows = DuckDb.Query(_folder.Path,
            "SELECT step, epoch, split, name, value, epoch_us(wall_time), rank, segment, run_id "
            + $"FROM ({SelectAll}) ORDER BY step");
        long us = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10;
        Assert.Equal([0L, null, "system", "segment_start", 0.0, us - 1, 0, 0, "20261122-212221-00a1"], rows[0]);
        Assert.Equal([3L, 0.25, "train", "loss", 2.5, us - 1, 0, 0, "20261122-212221-00a1"], rows[1]);
        Assert.Equal([7L, null, "test1", "accuracy", double.NaN, us, 2, 0, "20261122-212221-00a1"], rows[2]);
        Assert.Equal(3, rows.Count);
    }

    [Fact]
    public void Read_GivesBackWhatWasAdded()
    {
        var row = new MetricRow(9, null, "layer", "forward_ms/conv1/7x7", -0.0, _time.GetUtcNow(), 3, 0);
        using (ParquetMetricSink sink = Open())
            sink.Add(row);
        Assert.Equal(row, MetricReader.Read(_metrics)[1]);
    }

    [Fact]
    public void Flush_NumbersPartsOnAndChangesNoEarlierOne()
    {
        using ParquetMetricSink sink = Open();
        sink.Add(1, "train", "loss", 1);
        sink.Flush();
        byte[] first = File.ReadAllBytes(Part(1));
        sink.Add(2, "train", "loss", 1);
        sink.Flush();
        sink.Flush();
        Assert.Equal(first, File.ReadAllBytes(Part(1)));
        Assert.Equal([Part(0), Part(1), Part(2)], Directory.GetFiles(_metrics).Order());
    }

    [Fact]
    public void Open_AfterAKill_GoesOnNumberingAndRemovesWhatIsUnfinished()
    {
        using (ParquetMetricSink killed = Open())
            killed.Add(5, "train", "loss", 1);
        File.WriteAllText(Part(2) + ".tmp", "PAR1 and half a page");
        Assert.Equal(2, MetricReader.Read(_metrics).Count);
        using (ParquetMetricSink resumed = Open(segment: 1, step: 4))
            resumed.Add(5, "train", "loss", 2);
        Assert.Equal([Part(0), Part(1), Part(2), Part(3)], Directory.GetFiles(_metrics).Order());
        Assert.Equal([(0L, 0), (4L, 1), (5L, 1)], MetricReader.Read(_metrics).Select(row => (row.Step, row.Segment)));
    }

    [Fact]
    public void FlushIfDue_WaitsForTheOldestRow()
    {
        using ParquetMetricSink sink = Open();
        Assert.False(sink.FlushIfDue());
        _time.Advance(TimeSpan.FromMinutes(5));
        sink.Add(1, "train", "loss", 1);
        _time.Advance(TimeSpan.FromSeconds(20));
        sink.Add(2, "train", "loss", 1);
        Assert.False(sink.FlushIfDue());
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(sink.FlushIfDue());
        Assert.Equal(0, sink.BufferedRows);
        Assert.Equal(3, MetricReader.Read(_metrics).Count);
    }

    [Fact]
    public void Add_PastTheBuffer_WritesAPart()
    {
        using ParquetMetricSink sink = Open();
        for (int i = 0; i <= ParquetMetricSink.MaxBufferedRows; i++)
            sink.Add(i, "train", "loss", i);
        Assert.Equal(1, sink.BufferedRows);
        Assert.Equal(ParquetMetricSink.MaxBufferedRows + 1, MetricReader.Read(_metrics).Count);
    }

    [Fact]
    public void Flush_ThatFails_KeepsTheRows()
    {
        using ParquetMetricSink sink = Open();
        sink.Add(1, "train", "loss", 1);
        Directory.CreateDirectory(Part(1));
        Assert.Equal(ErrorCodes.WriteFailed, Assert.Throws<CaffeException>(sink.Flush).Code);
        Assert.Equal(1, sink.BufferedRows);
        Directory.Delete(Part(1));
        sink.Flush();
        Assert.Equal(2, MetricReader.Read(_metrics).Count);
    }

    [Fact]
    public void FolderThatIsDeleted_IsAFailureOnceAndMadeAgain()
    {
        using ParquetMetricSink sink = Open();
        Directory.Delete(_metrics, recursive: true);
        sink.Add(1, "train", "loss", 1);
        Assert.Equal(ErrorCodes.WriteFailed, Assert.Throws<CaffeException>(sink.Flush).Code);
        sink.Add(2, "train", "loss", 1);
        sink.Flush();
        Assert.Equal([1L, 2L], MetricReader.ReadAll(_metrics).Select(row => row.Step));
    }

    [Fact]
    public void FullBuffer_ThatCannotBeWritten_LosesRowsAndCountsThem()
    {
        using ParquetMetricSink sink = Open();
        Directory.CreateDirectory(Part(1));
        for (int i = 0; i < ParquetMetricSink.MaxBufferedRows - 1; i++)
            sink.Add(i, "train", "loss", i);
        Assert.Throws<CaffeException>(() => sink.Add(-1, "train", "loss", 0));
        // Each is lost at once: nothing is written for it, and no memory taken.
        sink.Add(-2, "train", "loss", 0);
        sink.Add(-3, "train", "loss", 0);
        Assert.Equal((ParquetMetricSink.MaxBufferedRows, 2L), (sink.BufferedRows, sink.LostRows));
        Directory.Delete(Part(1));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(sink.FlushIfDue());
        sink.Add(7, "train", "loss", 7);
        Assert.Equal((1, 2L), (sink.BufferedRows, sink.LostRows));
    }

    private static string SelectAll => $"SELECT * FROM read_parquet('{Files}', hive_partitioning = true)";

    private ParquetMetricSink Open(int segment = 0, long step = 0) =>
        ParquetMetricSink.Open(_metrics, _time, segment, step);

    private string Part(int number) => Path.Combine(_metrics, $"part-{number:D5}.parquet");
}
