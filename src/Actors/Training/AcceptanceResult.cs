using System.Globalization;
using CaffeActors.Actors.Configuration;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Training;

/// <summary>Whether a run meets a threshold.</summary>
/// <param name="Threshold">The threshold.</param>
/// <param name="Value">What was measured last; null where nothing was.</param>
/// <param name="Iteration">Updates done when it was measured; 0 where nothing was.</param>
public sealed record AcceptanceResult(AcceptanceThreshold Threshold, double? Value, long Iteration)
{
    /// <summary>Whether it does. What was not measured is not met.</summary>
    public bool IsMet => Value is { } value && Threshold.IsMetBy(value);

    /// <summary>What was measured, in words: <c>0.912 at iteration 10000</c>.</summary>
    public string Measured => Value is { } value
        ? string.Create(CultureInfo.InvariantCulture, $"{LogNumber.Format(value)} at iteration {Iteration}")
        : "not measured";

    /// <summary>The results of a run, in the thresholds' order.</summary>
    /// <param name="thresholds">The thresholds.</param>
    /// <param name="last">What the run measured last, as <see cref="LastMetrics.Of"/> gives it.</param>
    public static IReadOnlyList<AcceptanceResult> Of(
        IReadOnlyList<AcceptanceThreshold> thresholds, IReadOnlyList<MetricRow> last)
    {
        Dictionary<string, MetricRow> rows =
            last.Where(row => row.Rank == 0).ToDictionary(row => $"{row.Split}/{row.Name}");
        return [.. thresholds.Select(threshold => rows.TryGetValue(threshold.Metric, out MetricRow row)
            ? new AcceptanceResult(threshold, row.Value, row.Step)
            : new AcceptanceResult(threshold, null, 0))];
    }
}
