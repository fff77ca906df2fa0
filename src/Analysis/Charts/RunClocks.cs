using CaffeActors.Analysis.Queries;

namespace CaffeActors.Analysis.Charts;

/// <summary>
/// Seconds of training: a run's wall time without the pauses between its starts, and without what a resume did again.
/// A start goes on where the last row that counts of the one before it was measured.
/// </summary>
public sealed class RunClocks
{
    private const double MicrosecondsPerSecond = 1e6;
    private readonly Dictionary<(string RunId, int Segment), (long Start, double Before)> _segments = [];

    private RunClocks()
    {
    }

    /// <summary>The clocks of runs.</summary>
    /// <param name="database">The runs.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1502: a part file is damaged.</exception>
    public static RunClocks Of(MetricDatabase database)
    {
        var clocks = new RunClocks();
        Dictionary<string, double> seconds = [];
        using QueryResult result = database.Query("""
            SELECT run_id, segment, first, last FROM
              (SELECT run_id, segment, epoch_us(arg_min(wall_time, step)) AS first FROM recorded
               WHERE name = 'segment_start' GROUP BY ALL)
              LEFT JOIN
              (SELECT run_id, segment, epoch_us(max(wall_time)) AS last FROM metrics
               WHERE split <> 'system' AND split <> 'layer' GROUP BY ALL)
              USING (run_id, segment)
            ORDER BY run_id, segment
            """);
        foreach (object?[] row in result.Rows())
        {
            var runId = (string)row[0]!;
            long start = (long)row[2]!;
            double before = seconds.GetValueOrDefault(runId);
            clocks._segments[(runId, (int)row[1]!)] = (start, before);
            seconds[runId] = before + (row[3] is long last ? (last - start) / MicrosecondsPerSecond : 0);
        }

        return clocks;
    }

    /// <summary>Seconds of training when something was measured.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="segment">The segment; one whose start was lost has no seconds, and gives 0.</param>
    /// <param name="time">The time, in microseconds since 1970.</param>
    public double SecondsAt(string runId, int segment, long time) =>
        _segments.TryGetValue((runId, segment), out (long Start, double Before) from)
            ? from.Before + ((time - from.Start) / MicrosecondsPerSecond) : 0;
}
