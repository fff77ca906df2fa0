using System.Globalization;
using System.Text;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Cli.AzureDevOps;

/// <summary>A run on one page of Markdown: how it ended, what was measured last, which thresholds it meets.</summary>
internal static class RunSummary
{
    /// <summary>The page.</summary>
    /// <param name="plan">What was to be done.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="exitCode">The program's exit code.</param>
    /// <param name="folder">The run's folder.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="snapshot">Its newest snapshot, or null.</param>
    /// <exception cref="CaffeException">The metrics cannot be read.</exception>
    public static string Of(RunPlan plan, RunOutcome outcome, int exitCode, string folder, RunManifest manifest,
        SnapshotEntry? snapshot)
    {
        var page = new StringBuilder();
        page.Append($"# {Cell(plan.Name)}: {EndOf(outcome)}\n\n");
        if (outcome.Failure is { } failure)
            page.Append($"`{failure.Code}` {Cell(failure.Message)}\n\n");
        page.Append("| | |\n|---|---|\n");
        Row(page, "Run", manifest.RunId);
        Row(page, "Iterations", Invariant($"{outcome.Iteration} of {plan.Solver.MaxIter}"));
        Row(page, "Starts", Invariant($"{manifest.Segments.Count}"));
        Row(page, "Snapshot", snapshot is null ? "none" : Path.GetFileName(snapshot.StatePath ?? snapshot.ResumePath));
        Row(page, "Exit code", Invariant($"{exitCode}"));

        IReadOnlyList<MetricRow> last = LastMetrics.Of(MetricReader.Read(RunDirectory.MetricsPathOf(folder)));
        MetricRow[] shown = [.. last.Where(row => row.Rank == 0 && row.Name != MetricNames.SegmentStart
            && row.Split is not (MetricNames.System or MetricNames.Layer))];
        if (shown.Length > 0)
        {
            page.Append("\n| Metric | Last value | Iteration |\n|---|---:|---:|\n");
            foreach (MetricRow row in shown)
                Row(page, $"{row.Split}/{row.Name}", LogNumber.Format(row.Value), Invariant($"{row.Step}"));
        }

        IReadOnlyList<AcceptanceResult> results = AcceptanceResult.Of(plan.Acceptance, last);
        if (results.Count > 0)
        {
            page.Append("\n| Wanted | Measured | |\n|---|---:|---|\n");
            foreach (AcceptanceResult result in results)
                Row(page, result.Threshold.ToString(), result.Measured, Verdict(outcome, result));
        }

        return page.ToString();
    }

    // What is wanted of the end is no fault on the way there.
    private static string Verdict(RunOutcome outcome, AcceptanceResult result) =>
        result.IsMet ? "met" : outcome.End == RunEnd.Finished ? "**missed**" : "not yet";

    private static string EndOf(RunOutcome outcome) => outcome.End switch
    {
        RunEnd.Finished => "finished",
        RunEnd.Stopped => "stopped, to be gone on with",
        _ => "failed",
    };

    private static void Row(StringBuilder page, params ReadOnlySpan<string> cells)
    {
        page.Append('|');
        foreach (string cell in cells)
            page.Append($" {Cell(cell)} |");
        page.Append('\n');
    }

    // Names and messages are the user's: they make no table, tag or line of their own.
    private static string Cell(string text) => text.ReplaceLineEndings(" ")
        .Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
