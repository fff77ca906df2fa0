namespace CaffeActors.Analysis.Queries;

/// <summary>
/// The resume rule in SQL: what <see cref="Data.Metrics.MetricReader.Effective"/> says of one run's rows, of the rows
/// of many: without those past a later start, and without those measured anew at the very step of one. It costs next to
/// nothing where no run was resumed: the statistics of part files tell that they hold no segment but the first.
/// </summary>
public static class EffectiveRows
{
    /// <summary>A query that gives the rows that count, in one line.</summary>
    /// <param name="source">A table or table function with the columns of docs/metrics.md and <c>run_id</c>.</param>
    public static string Sql(string source) =>
        "WITH later AS (SELECT run_id, segment, min(step) AS step "
        + $"FROM {source} WHERE name = 'segment_start' AND segment > 0 GROUP BY ALL) "
        + $"SELECT m.* FROM {source} AS m "
        + "ANTI JOIN later AS l ON m.run_id = l.run_id AND m.segment < l.segment AND m.step > l.step "
        + $"ANTI JOIN (SELECT s.* FROM {source} AS s SEMI JOIN later AS l ON s.run_id = l.run_id AND s.step = l.step) "
        + "AS n ON m.run_id = n.run_id AND m.rank = n.rank AND m.split = n.split AND m.name = n.name "
        + "AND m.step = n.step AND m.segment < n.segment";
}
