using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Actors.Training;

/// <summary>Judges a finished run by the thresholds of its configuration (<c>acceptance</c>).</summary>
internal static class Acceptance
{
    /// <summary>
    /// Compares what the tests measured last with the thresholds, tells each in the log, and writes them as JUnit
    /// results into the run's folder. Other runs than finished ones are left as they are.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="outcome">How the run ended.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="log">The log.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The outcome; with a failure where a threshold is missed.</returns>
    public static RunOutcome Judge(
        RunPlan plan, RunOutcome outcome, string folder, RunLog log, TimeProvider time)
    {
        if (outcome.End != RunEnd.Finished || plan.Acceptance.Count == 0)
            return outcome;
        IReadOnlyList<AcceptanceResult> results;
        try
        {
            results = AcceptanceResult.Of(
                plan.Acceptance, LastMetrics.Of(MetricReader.Read(RunDirectory.MetricsPathOf(folder))));
        }
        catch (CaffeException failure)
        {
            return outcome with { Failure = failure };
        }

        foreach (AcceptanceResult result in results)
            log.Info($"Acceptance: {result.Threshold}: {(result.IsMet ? "met" : "missed")}, {result.Measured}");
        try
        {
            AcceptanceFile.Write(Path.Combine(folder, AcceptanceFile.Name), plan.Name, results, time.GetUtcNow());
        }
        catch (CaffeException failure)
        {
            log.Warn($"The results of acceptance are in the log only: {failure.Message}");
        }

        AcceptanceResult[] missed = [.. results.Where(result => !result.IsMet)];
        return missed.Length == 0 ? outcome : outcome with
        {
            Failure = new CaffeException(ErrorCodes.Unaccepted, FailureKind.Unaccepted,
                $"the run is finished, but not accepted: {string.Join("; ", missed.Select(Describe))}; change the "
                + "recipe, or the limit", missed[0].Threshold.Place),
        };
    }

    private static string Describe(AcceptanceResult result) => $"{result.Threshold} is wanted, {result.Measured}";
}
