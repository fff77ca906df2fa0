namespace CaffeActors.Data.Metrics;

/// <summary>What a run measured last.</summary>
public static class LastMetrics
{
    /// <summary>The last row of each metric (split, name and rank) by step, sorted by split and name; of equal steps
    /// the one written last.</summary>
    /// <param name="rows">The rows that count, in the order written.</param>
    public static IReadOnlyList<MetricRow> Of(IReadOnlyList<MetricRow> rows)
    {
        Dictionary<(string Split, string Name, int Rank), MetricRow> last = [];
        foreach (MetricRow row in rows)
        {
            (string, string, int) key = (row.Split, row.Name, row.Rank);
            if (!last.TryGetValue(key, out MetricRow known) || row.Step >= known.Step)
                last[key] = row;
        }

        return [.. last.Values.OrderBy(row => row.Split, StringComparer.Ordinal)
            .ThenBy(row => row.Name, StringComparer.Ordinal).ThenBy(row => row.Rank)];
    }
}
