using System.Globalization;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Training;

/// <summary>The next start of a run that diverged: from an older snapshot, or from its beginning, with a lower
/// rate.</summary>
/// <param name="Search">The run, and the snapshot; without one it begins anew.</param>
/// <param name="State">How often it has gone back now, and the rates' factor.</param>
internal sealed record Rollback(RunSearch Search, RollbackState State)
{
    /// <summary>What follows the end of a start; tells the log of it.</summary>
    /// <param name="outcome">How the start ended.</param>
    /// <param name="run">The run.</param>
    /// <returns>Null where the run is over.</returns>
    public static Rollback? After(RunOutcome outcome, TrainingRun run)
    {
        DivergenceSettings settings = run.Plan.OnDivergence;
        if (outcome.Failure is not { Kind: FailureKind.Diverged } failure
            || settings.Action != DivergenceAction.Rollback)
        {
            return null;
        }

        RollbackState before = run.Rollback ?? new RollbackState(0, 1);
        if (before.Count >= settings.Limit)
        {
            run.Log.Warn(string.Create(CultureInfo.InvariantCulture,
                $"The run has gone back {before.Count} time(s), train.on-divergence.limit; it ends."));
            return null;
        }

        var state = new RollbackState(before.Count + 1, (float)(before.RateFactor * settings.Factor));
        // One of the same iteration has the weights and the batch that went wrong.
        SnapshotEntry? snapshot = run.Snapshots.Newest(run.Folder.RunId, before: outcome.Iteration).Newest;
        run.Log.Warn(failure.Message);
        run.Log.Warn(string.Create(CultureInfo.InvariantCulture,
            $"Going back to iteration {snapshot?.Iteration ?? 0} (rollback {state.Count} of {settings.Limit}); "
            + $"learning rates are multiplied by {state.RateFactor:g6} from there on."));
        return new Rollback(
            new RunSearch(new RunRecord(run.Folder.Path, run.Folder.Manifest), snapshot, null, []), state);
    }
}
