namespace CaffeActors.Analysis.Queries;

/// <summary>
/// The resume rule in SQL: what <see cref="Data.Metrics.MetricReader.Effective"/> says of one run's rows, of the rows
/// of many. Filters on run, split, name and step go below it, so a query of one metric reads only that.
/// </summary>
public static class EffectiveRows
{
    /// <summary>A query that gives the rows that count, in one line.</summary>
    /// <param name="source">A table or table function with the columns of docs/metrics.md and <c>run_id</c>.</param>
    public static string Sql(string source) =>
        $"SELECT m.* FROM {source} AS m ANTI JOIN (SELECT run_id, segment, min(step) AS step FROM {source} "
        + "WHERE name = 'segment_start' GROUP BY ALL) AS later ON m.run_id = later.run_id "
        + "AND m.segment < later.segment AND m.step > later.step "
        + "QUALIFY m.segment = max(m.segment) OVER (PARTITION BY m.run_id, m.rank, m.split, m.name, m.step)";
}
