using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Metrics;

/// <summary>
/// Writes a run's metric rows as Parquet part files (docs/metrics.md). Rows are buffered; <see cref="Flush"/> writes
/// them as the next <c>part-NNNNN.parquet</c>, which appears whole or not at all. No file is ever appended to, so a
/// process killed at any moment loses the buffered rows and nothing else. The files of one folder have one writer:
/// a run's root, which adds the rows of the other ranks too. Not thread-safe.
/// </summary>
public sealed class ParquetMetricSink : IDisposable
{
    /// <summary>How many rows are buffered at most: adding one more writes a part. Where that cannot be, it is
    /// lost.</summary>
    public const int MaxBufferedRows = 20_000;

    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly int _segment;
    private readonly List<MetricRow> _rows = [];
    private int _nextPart;
    private long _oldestRow;
    private bool _failed;

    private ParquetMetricSink(string directory, TimeProvider time, int segment)
    {
        _directory = directory;
        _time = time;
        _segment = segment;
    }

    /// <summary>How old a buffered row may grow before <see cref="FlushIfDue"/> writes it. Default 30 s.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Hears of each step in which a part is written, and fails it by throwing; tests do. Default: nobody
    /// hears.</summary>
    public Action<FaultPoint>? Reached { get; set; }

    /// <summary>Rows added and not yet written.</summary>
    public int BufferedRows => _rows.Count;

    /// <summary>Rows that were lost because the buffer was full and could not be written.</summary>
    public long LostRows { get; private set; }

    /// <summary>
    /// Opens a folder for a segment: removes what a killed process left unfinished, goes on numbering after the
    /// parts that are there, and writes the segment's <c>segment_start</c> row, so that rows of older segments past
    /// <paramref name="firstStep"/> stop counting at once.
    /// </summary>
    /// <param name="directory">The run's metrics folder; made where it is missing.</param>
    /// <param name="time">Stamps the rows and times the flushes.</param>
    /// <param name="segment">0 for the run's first start, one more at each resume.</param>
    /// <param name="firstStep">Iterations done when the segment begins: the resumed snapshot's, else 0.</param>
    /// <param name="flushInterval">How old a buffered row may grow; default 30 s.</param>
    /// <exception cref="CaffeException">CFA1404: the folder cannot be written.</exception>
    public static ParquetMetricSink Open(
        string directory, TimeProvider time, int segment, long firstStep, TimeSpan? flushInterval = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(segment);
        ArgumentOutOfRangeException.ThrowIfNegative(firstStep);
        var sink = new ParquetMetricSink(directory, time, segment)
        {
            FlushInterval = flushInterval ?? TimeSpan.FromSeconds(30),
        };
        try
        {
            Directory.CreateDirectory(directory);
            MetricParts.RemoveUnfinished(directory);
            sink._nextPart = MetricParts.List(directory) is { Count: > 0 } parts ? parts[^1].Number + 1 : 0;
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw AtomicFile.Failure(directory, exception);
        }

        sink.Add(firstStep, MetricNames.System, MetricNames.SegmentStart, segment);
        sink.Flush();
        return sink;
    }

    /// <summary>Adds a row of the root's, stamped with the time and the sink's segment.</summary>
    /// <param name="step">Iterations done when it was measured.</param>
    /// <param name="split">train, test0, ..., system or layer: see <see cref="MetricNames"/>.</param>
    /// <param name="name">The metric's name.</param>
    /// <param name="value">The value.</param>
    /// <param name="epoch">Passes over the training data, where that is known.</param>
    /// <param name="rank">The worker it was measured on; 0 is the root.</param>
    /// <exception cref="CaffeException">CFA1404: the buffer got full and could not be written; it keeps its
    /// rows.</exception>
    public void Add(long step, string split, string name, double value, double? epoch = null, int rank = 0)
    {
        DateTimeOffset now = _time.GetUtcNow();
        Add(new(step, epoch, split, name, value, now, rank, _segment));
    }

    /// <summary>Adds a row measured elsewhere, with its own time; it gets the sink's segment.</summary>
    /// <param name="row">The row.</param>
    /// <exception cref="CaffeException">CFA1404: the buffer got full and could not be written; it keeps its
    /// rows.</exception>
    public void Add(MetricRow row)
    {
        // A place that takes nothing is tried again by FlushIfDue, not for each row.
        if (_failed && _rows.Count >= MaxBufferedRows)
        {
            LostRows++;
            return;
        }

        if (_rows.Count == 0)
            _oldestRow = _time.GetTimestamp();
        _rows.Add(row with { WallTime = WholeMicroseconds(row.WallTime), Segment = _segment });
        if (_rows.Count >= MaxBufferedRows)
            Flush();
    }

    /// <summary>Writes the buffered rows if the oldest has waited for <see cref="FlushInterval"/>.</summary>
    /// <returns>Whether a part was written.</returns>
    /// <exception cref="CaffeException">CFA1404: the part could not be written; the rows stay buffered.</exception>
    public bool FlushIfDue()
    {
        if (_rows.Count == 0 || _time.GetElapsedTime(_oldestRow) < FlushInterval)
            return false;
        Flush();
        return true;
    }

    /// <summary>
    /// Writes the buffered rows as the next part; nothing where there are none. A folder that is gone is a failure
    /// once, so that it is told, and made again for the next time.
    /// </summary>
    /// <exception cref="CaffeException">CFA1404: the part could not be written; the rows stay buffered.</exception>
    public void Flush()
    {
        if (_rows.Count == 0)
            return;
        using var file = new MemoryStream();
        MetricTable.Write(_rows, file);
        _failed = true;
        try
        {
            AtomicFile.Write(Path.Combine(_directory, MetricParts.NameOf(_nextPart)),
                stream => stream.Write(file.GetBuffer(), 0, (int)file.Length), Reached,
                FaultPoint.MetricsPartWritten, FaultPoint.MetricsPartRenamed);
        }
        catch (CaffeException) when (!Directory.Exists(_directory))
        {
            TryMakeFolder();
            throw;
        }

        _failed = false;
        _nextPart++;
        _rows.Clear();
    }

    /// <summary>Writes the buffered rows.</summary>
    /// <exception cref="CaffeException">CFA1404: the part could not be written.</exception>
    public void Dispose() => Flush();

    private void TryMakeFolder()
    {
        try
        {
            Directory.CreateDirectory(_directory);
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            // The failure that is told already says what cannot be written.
        }
    }

    private static DateTimeOffset WholeMicroseconds(DateTimeOffset time)
    {
        long ticks = time.UtcTicks;
        return new(ticks - (ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
    }
}
