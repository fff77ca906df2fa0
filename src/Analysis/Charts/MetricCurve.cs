using CaffeActors.Analysis.Comparison;
using CaffeActors.Analysis.Queries;

namespace CaffeActors.Analysis.Charts;

/// <summary>The values of one metric of one run, by step; where several workers measured it, their mean.</summary>
/// <param name="Steps">The steps, rising.</param>
/// <param name="Seconds">Seconds of training (<see cref="RunClocks"/>) at each.</param>
/// <param name="Values">The values.</param>
public sealed record MetricCurve(
    IReadOnlyList<double> Steps, IReadOnlyList<double> Seconds, IReadOnlyList<double> Values)
{
    /// <summary>Reads the curves of all runs that have a metric, by the runs' ids.</summary>
    /// <param name="database">The runs.</param>
    /// <param name="clocks">Their clocks.</param>
    /// <param name="metric">The metric.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1502: a part file is damaged.</exception>
    public static IReadOnlyDictionary<string, MetricCurve> ReadAll(
        MetricDatabase database, RunClocks clocks, MetricKey metric)
    {
        using QueryResult result = database.Query($"""
            SELECT run_id, step, avg(value), max(segment), epoch_us(max(wall_time)) FROM metrics
            WHERE split = {SqlText.Of(metric.Split)} AND name = {SqlText.Of(metric.Name)}
            GROUP BY run_id, step ORDER BY run_id, step
            """);
        return result.Rows().GroupBy(row => (string)row[0]!).ToDictionary(run => run.Key, run =>
        {
            List<double> steps = [], seconds = [], values = [];
            foreach (object?[] row in run)
            {
                steps.Add((long)row[1]!);
                values.Add((double)row[2]!);
                seconds.Add(clocks.SecondsAt(run.Key, (int)row[3]!, (long)row[4]!));
            }

            return new MetricCurve(steps, seconds, values);
        });
    }
}
