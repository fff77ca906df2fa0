using System.Diagnostics;
using Akka.Actor;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Writes snapshots, one at a time, on a thread where blocking on a disk hurts nobody. One that fails leaves the one
/// before it whole.
/// </summary>
internal sealed class SnapshotActor : UntypedActor
{
    private readonly TrainingRun _run;

    public SnapshotActor(TrainingRun run)
    {
        _run = run;
        _run.SnapshotActivity.Actor = Self;
    }

    public static Props Props(TrainingRun run) => Akka.Actor.Props.Create(() => new SnapshotActor(run));

    protected override void OnReceive(object message)
    {
        if (message is not WriteSnapshot write)
        {
            Unhandled(message);
            return;
        }

        try
        {
            long begun = Stopwatch.GetTimestamp();
            _run.SnapshotActivity.Begin("writes a snapshot");
            _run.Write(write);
            TrainingMeter.Snapshot(Stopwatch.GetElapsedTime(begun));
            Sender.Tell(new SnapshotDone(write.Progress.Iteration, null));
        }
#pragma warning disable CA1031 // A failure is a value: the solver goes on, or ends in order.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            CaffeException failure = RunFailures.Unexpected(exception, "the snapshot");
            _run.Log.Error(failure);
            Sender.Tell(new SnapshotDone(write.Progress.Iteration, failure));
        }
        finally
        {
            _run.SnapshotActivity.Begin(ActorActivity.Idle);
        }
    }
}
