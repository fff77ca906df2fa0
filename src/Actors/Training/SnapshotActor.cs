using Akka.Actor;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Writes snapshots, on a thread where blocking on a disk hurts nobody. One that fails leaves the one before it
/// whole; two in a row end the run.
/// </summary>
internal sealed class SnapshotActor : UntypedActor
{
    private readonly TrainingRun _run;
    private int _failuresInARow;

    public SnapshotActor(TrainingRun run) => _run = run;

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
            _run.Write(write);
            _failuresInARow = 0;
            Sender.Tell(SnapshotDone.Instance);
        }
#pragma warning disable CA1031 // A failure is a value: the run goes on, or ends in order.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            CaffeException failure = RunFailures.Unexpected(exception, "the snapshot");
            _run.Log.Error(failure);
            if (++_failuresInARow > 1)
                Sender.Tell(new Failed(failure));
            else
                Sender.Tell(SnapshotDone.Instance);
        }
    }
}
