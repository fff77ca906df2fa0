using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using CaffeActors.Actors.Data;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Training;

/// <summary>Training that waits for a snapshot's files: it is told when that takes long, and has a limit.</summary>
internal sealed class SnapshotWait(TrainingRun run, ITimerScheduler timers)
{
    private readonly SlowWait _slow = new();
    private long _since;

    private string Folder => Path.GetDirectoryName(Path.GetFullPath(run.Snapshots.Prefix)) ?? "";

    /// <summary>Training waits from now on; its actor gets <see cref="Look"/> now and then.</summary>
    public void Begin()
    {
        _since = Stopwatch.GetTimestamp();
        timers.StartPeriodicTimer(nameof(SnapshotWait), Look.Instance, SlowWait.Every);
    }

    /// <summary>The files are written, or failed.</summary>
    public void End()
    {
        _since = 0;
        _slow.End();
        timers.Cancel(nameof(SnapshotWait));
    }

    /// <summary>To be called at each <see cref="Look"/>: what is wrong once the limit is reached, else null.</summary>
    public CaffeException? Failure()
    {
        // A look that was under way when the wait ended.
        if (_since == 0)
            return null;
        TimeSpan waited = Stopwatch.GetElapsedTime(_since);
        if (waited >= run.Plan.WaitLimit)
        {
            return new CaffeException(ErrorCodes.TakesTooLong, FailureKind.Data, string.Create(
                CultureInfo.InvariantCulture,
                $"the snapshot could not be written to '{Folder}' within {run.Plan.WaitLimit.TotalSeconds:F0} s; see "
                + $"whether the disk or share still answers, or set run.wait-limit higher"));
        }

        if (_slow.IsDue(waited))
        {
            run.Log.Warn(string.Create(CultureInfo.InvariantCulture,
                $"Training has waited {waited.TotalSeconds:F0} s for the snapshot's files in '{Folder}'; the run ends "
                + $"after {run.Plan.WaitLimit.TotalSeconds:F0} s."));
        }

        return null;
    }

    /// <summary>To the actor that waits: see how long it has been.</summary>
    public sealed class Look
    {
        public static readonly Look Instance = new();
    }
}
