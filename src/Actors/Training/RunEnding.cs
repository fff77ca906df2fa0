using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Actors.Training;

/// <summary>Writes down how a run ended.</summary>
internal static class RunEnding
{
    /// <summary>Judges a finished run by its thresholds, and completes its manifest.</summary>
    /// <param name="run">The run; its metrics and snapshots are written.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="exitCodeOf">The exit code of an outcome.</param>
    /// <param name="log">The log.</param>
    /// <param name="time">The clock.</param>
    /// <returns>How it ended; a finished run that misses a threshold has a failure.</returns>
    public static RunOutcome Write(
        TrainingRun run, RunOutcome outcome, Func<RunOutcome, int> exitCodeOf, RunLog log, TimeProvider time)
    {
        RunOutcome judged = Acceptance.Judge(run.Plan, outcome, run.Folder.Path, log, time);
        if (judged.Failure is { } cause)
            log.End(cause);
        // What the run did stands, whether or not this can be written down.
        try
        {
            CountLosses(run, log.LostConsoleLines);
            run.Folder.End(StateOf(judged.End), exitCodeOf(judged), judged.Iteration);
        }
        catch (CaffeException failure)
        {
            log.Warn($"The run's manifest does not tell of its end: {failure.Message}");
        }

        return judged;
    }

    /// <summary>Adds to the manifest what metrics and log lines were lost.</summary>
    /// <param name="run">The run.</param>
    /// <param name="lostLines">Log lines that the console did not take.</param>
    public static void CountLosses(TrainingRun run, long lostLines)
    {
        long lostRows = run.Metrics.LostRows + run.Metrics.BufferedRows;
        if (run.MetricFailures + lostRows + lostLines == 0)
            return;
        run.Folder.Update(manifest => manifest with
        {
            MetricFailures = manifest.MetricFailures + run.MetricFailures,
            LostMetricRows = manifest.LostMetricRows + lostRows,
            LostConsoleLines = manifest.LostConsoleLines + lostLines,
        });
    }

    private static RunState StateOf(RunEnd end) => end switch
    {
        RunEnd.Finished => RunState.Finished,
        RunEnd.Stopped => RunState.Stopped,
        _ => RunState.Failed,
    };
}
