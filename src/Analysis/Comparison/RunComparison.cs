using CaffeActors.Analysis.Queries;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Analysis.Comparison;

/// <summary>One metric over several runs, side by side.</summary>
/// <param name="Metric">The metric. Where several workers measured it at a step, their mean counts.</param>
/// <param name="Runs">The runs, in the order given.</param>
/// <param name="Steps">Some steps, evenly chosen among those all runs that have the metric share, or, where they share
/// none, among all.</param>
public sealed record RunComparison(
    MetricKey Metric, IReadOnlyList<ComparedRun> Runs, IReadOnlyList<ComparedStep> Steps)
{
    private static readonly ComparedRun _nothing = new("", "", 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Compares the runs of a database.</summary>
    /// <param name="database">The runs.</param>
    /// <param name="metric">The metric.</param>
    /// <param name="steps">How many steps are shown at most, the first and the last among them; 0: all.</param>
    /// <exception cref="CaffeException">CFA1502: a part file is damaged.</exception>
    public static RunComparison Of(MetricDatabase database, MetricKey metric, int steps)
    {
        database.Execute("CREATE OR REPLACE TEMP TABLE curves AS SELECT run_id, step, avg(value) AS value FROM metrics "
            + $"WHERE split = {SqlText.Of(metric.Split)} AND name = {SqlText.Of(metric.Name)} GROUP BY run_id, step");
        Dictionary<string, ComparedRun> runs = Summaries(database);
        ComparedRun[] compared =
        [
            .. database.Runs.Select(run => runs.GetValueOrDefault(run.Manifest.RunId, _nothing)
                with { RunId = run.Manifest.RunId, RunName = run.Manifest.Name }),
        ];
        return new(metric, compared, Table(database, Thinned(SharedSteps(database, runs.Count), steps)));
    }

    private static Dictionary<string, ComparedRun> Summaries(MetricDatabase database)
    {
        using QueryResult result = database.Query("""
            SELECT run_id, count(*), arg_min(value, step), arg_max(value, step), max(step),
              coalesce(min(value) FILTER (NOT isnan(value)), 'nan'::DOUBLE),
              coalesce(arg_min(step, value) FILTER (NOT isnan(value)), 0),
              coalesce(max(value) FILTER (NOT isnan(value)), 'nan'::DOUBLE),
              coalesce(arg_max(step, value) FILTER (NOT isnan(value)), 0)
            FROM curves GROUP BY run_id
            """);
        return result.Rows().ToDictionary(row => (string)row[0]!, row => new ComparedRun((string)row[0]!, "",
            (long)row[1]!, (double)row[2]!, (double)row[3]!, (long)row[4]!, (double)row[5]!, (long)row[6]!,
            (double)row[7]!, (long)row[8]!));
    }

    private static List<long> SharedSteps(MetricDatabase database, int runs)
    {
        List<long> Having(int least)
        {
            using QueryResult result = database.Query(
                $"SELECT step FROM curves GROUP BY step HAVING count(*) >= {SqlText.Of(least)} ORDER BY step");
            return [.. result.Rows().Select(row => (long)row[0]!)];
        }

        return Having(runs) is { Count: > 0 } shared ? shared : Having(1);
    }

    private static IEnumerable<long> Thinned(List<long> steps, int most) => most == 0 || steps.Count <= most ? steps
        : most == 1 ? [steps[^1]]
        : Enumerable.Range(0, most).Select(i => steps[(int)((long)i * (steps.Count - 1) / (most - 1))]);

    private static List<ComparedStep> Table(MetricDatabase database, IEnumerable<long> steps)
    {
        var rows = steps.ToDictionary(step => step, _ => new double?[database.Runs.Count]);
        if (rows.Count == 0)
            return [];
        Dictionary<string, int> places = database.Runs.Select((run, place) => (run.Manifest.RunId, place))
            .ToDictionary(run => run.RunId, run => run.place);
        string wanted = SqlText.List(rows.Keys.Select(SqlText.Of));
        using QueryResult result = database.Query("SELECT run_id, step, value FROM curves "
            + $"SEMI JOIN (SELECT unnest({wanted}::BIGINT[]) AS step) USING (step)");
        foreach (object?[] row in result.Rows())
            rows[(long)row[1]!][places[(string)row[0]!]] = (double)row[2]!;
        return [.. rows.OrderBy(row => row.Key).Select(row => new ComparedStep(row.Key, row.Value))];
    }
}
