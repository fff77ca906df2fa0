using System.Globalization;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Cli.AzureDevOps;

/// <summary>
/// Tells Azure Pipelines of a training run: its progress while it goes on; at its end a summary for the run's page,
/// output variables for the steps that follow, and a tag.
/// </summary>
/// <param name="output">Where the agent reads, stdout.</param>
/// <param name="time">The clock.</param>
/// <param name="folder">The run's folder; null where no run is begun.</param>
internal sealed class PipelineReporter(TextWriter output, TimeProvider time, Func<string?> folder) : IRunObserver
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private int _told = -1;
    private long _toldAt;
    private bool _named;

    /// <summary>Whole percents, each once and never less than before, at most one a second: the lines stay in the
    /// job's log.</summary>
    public void OnProgress(Progress progress)
    {
        Name();
        int percent = progress.MaxIteration > 0
            ? (int)Math.Clamp(100L * progress.Iteration / progress.MaxIteration, 0, 100) : 0;
        if (percent <= _told || (_told >= 0 && time.GetElapsedTime(_toldAt) < _pause))
            return;
        (_told, _toldAt) = (percent, time.GetTimestamp());
        output.WriteLine(LoggingCommand.Progress(percent, "Training"));
    }

    /// <inheritdoc/>
    public void OnEnd()
    {
    }

    /// <summary>To be called when all is over.</summary>
    /// <param name="plan">What was to be done.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="exitCode">The program's exit code.</param>
    public void Tell(RunPlan plan, RunOutcome outcome, int exitCode)
    {
        Name();
        output.WriteLine(LoggingCommand.Variable("finished", outcome.End == RunEnd.Finished ? "true" : "false"));
        output.WriteLine(LoggingCommand.Variable(
            "iteration", outcome.Iteration.ToString(CultureInfo.InvariantCulture)));
        output.WriteLine(LoggingCommand.Tag(TagOf(outcome)));
        if (folder() is not { } path)
            return;
        try
        {
            RunManifest manifest = RunDirectory.ReadManifest(path);
            SnapshotEntry? snapshot =
                new SnapshotStore(RunDirectory.SnapshotPrefixOf(path, manifest)).Newest(manifest.RunId).Newest;
            output.WriteLine(LoggingCommand.Variable(
                "snapshot", snapshot?.StatePath is { } state ? Path.GetFullPath(state) : ""));
            string summary = Path.Combine(path, "summary.md");
            AtomicFile.WriteText(summary, RunSummary.Of(plan, outcome, exitCode, path, manifest, snapshot));
            output.WriteLine(LoggingCommand.Summary(summary));
        }
        catch (CaffeException failure)
        {
            // The run is what it is; its page lacks something.
            output.WriteLine(LoggingCommand.Warning($"The summary of the run is left out: {failure.Message}"));
        }
    }

    // As soon as there is a run: whoever kills the job leaves the steps after it a folder to hand on.
    private void Name()
    {
        if (_named || folder() is not { } path)
            return;
        _named = true;
        output.WriteLine(LoggingCommand.Variable("runId", Path.GetFileName(path)[RunDirectory.FolderPrefix.Length..]));
        output.WriteLine(LoggingCommand.Variable("runFolder", Path.GetFullPath(path)));
    }

    private static string TagOf(RunOutcome outcome) => outcome switch
    {
        { End: RunEnd.Stopped } => "stopped",
        { Failure: null } => "finished",
        { Failure.Kind: FailureKind.Diverged } => "diverged",
        { Failure.Kind: FailureKind.Unaccepted } => "unaccepted",
        _ => "failed",
    };
}
