using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Metrics;

/// <summary>
/// Reads a run's metric rows and applies the resume rule. A segment that starts at step S replaces what older
/// segments measured after it: their rows with step &gt; S no longer count. What both measured at S itself (a test
/// before the first iteration of the one is the test after the last of the other) counts once, the newer one's.
/// </summary>
public static class MetricReader
{
    /// <summary>The part files of a metrics folder in the order written, those still being written left out; none
    /// where there is no folder.</summary>
    public static IReadOnlyList<string> Parts(string directory) =>
        Directory.Exists(directory) ? [.. MetricParts.List(directory).Select(part => part.Path)] : [];

    /// <summary>The rows of a metrics folder that count, in the order written; none where there is no folder.</summary>
    /// <exception cref="CaffeException">CFA1501: a part cannot be read; CFA1502: it is damaged.</exception>
    public static IReadOnlyList<MetricRow> Read(string directory) => Effective(ReadAll(directory));

    /// <summary>All rows of a metrics folder, also those a resume has replaced, in the order written.</summary>
    /// <exception cref="CaffeException">CFA1501: a part cannot be read; CFA1502: it is damaged.</exception>
    public static IReadOnlyList<MetricRow> ReadAll(string directory)
    {
        var rows = new List<MetricRow>();
        foreach (string path in Parts(directory))
            rows.AddRange(ReadPart(path));
        return rows;
    }

    /// <summary>The resume rule: those of a run's rows that count, in the order given.</summary>
    public static IReadOnlyList<MetricRow> Effective(IReadOnlyList<MetricRow> rows)
    {
        Dictionary<int, long> starts = [];
        foreach (MetricRow row in rows)
        {
            if (row.Name == MetricNames.SegmentStart)
                starts[row.Segment] = Math.Min(row.Step, starts.GetValueOrDefault(row.Segment, long.MaxValue));
        }

        if (starts.Count < 2)
            return rows;
        Dictionary<int, long> lastSteps = LastSteps(rows, starts);
        HashSet<long> seams = [.. starts.Values];
        Dictionary<(int Rank, string Split, string Name, long Step), int> newest = [];
        foreach (MetricRow row in rows)
        {
            if (seams.Contains(row.Step))
                newest[KeyOf(row)] = Math.Max(row.Segment, newest.GetValueOrDefault(KeyOf(row)));
        }

        return [.. rows.Where(row => row.Step <= lastSteps[row.Segment]
            && (!seams.Contains(row.Step) || row.Segment == newest[KeyOf(row)]))];
    }

    // The least start of all later segments: a later one may have gone back further than the next one did.
    private static Dictionary<int, long> LastSteps(IReadOnlyList<MetricRow> rows, Dictionary<int, long> starts)
    {
        Dictionary<int, long> lastSteps = [];
        long least = long.MaxValue;
        foreach (int segment in rows.Select(row => row.Segment).Distinct().OrderDescending())
        {
            lastSteps[segment] = least;
            least = Math.Min(least, starts.GetValueOrDefault(segment, long.MaxValue));
        }

        return lastSteps;
    }

    private static (int Rank, string Split, string Name, long Step) KeyOf(in MetricRow row) =>
        (row.Rank, row.Split, row.Name, row.Step);

    private static List<MetricRow> ReadPart(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw new CaffeException(ErrorCodes.SourceUnreadable, FailureKind.Data,
                $"cannot read the metrics file '{path}': {exception.Message}", inner: exception);
        }

        try
        {
            using var file = new MemoryStream(bytes);
            return MetricTable.Read(file);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The Parquet library tells of damage by whatever exception its decoding runs into.
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data,
                $"the metrics file '{path}' is damaged or no metrics file ({exception.Message}); delete it, or "
                + "restore it from a copy, to read the run's other parts", inner: exception);
        }
    }
}
