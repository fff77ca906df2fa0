using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using CaffeActors.Actors.Data;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Training;

/// <summary>
/// A whole run: parent of everything that works for it. A child that dies ends the run in order: metrics written, the
/// last good snapshot kept, the failure told. The run is over when its files are written, or have been waited for too
/// long; <see cref="TrainingHost"/> sees to it that the others stop.
/// </summary>
internal sealed class RunActor : UntypedActor, IWithTimers
{
    private readonly TrainingRun _run;
    private readonly IReadOnlyList<WatcherThread> _watchers;
    private readonly TaskCompletionSource<RunOutcome> _over;
    private IActorRef _solver = ActorRefs.Nobody;
    private IActorRef _observers = ActorRefs.Nobody;
    private IActorRef _snapshots = ActorRefs.Nobody;
    private HashSet<IActorRef> _writers = [];
    private IActorRef _requests = ActorRefs.Nobody;
    private readonly SlowWait _slow = new();
    private RunOutcome? _outcome;
    private long _overSince;

    public RunActor(TrainingRun run, IReadOnlyList<WatcherThread> watchers, TaskCompletionSource<RunOutcome> over)
    {
        _run = run;
        _watchers = watchers;
        _over = over;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(
        TrainingRun run, IReadOnlyList<WatcherThread> watchers, TaskCompletionSource<RunOutcome> over) =>
        Akka.Actor.Props.Create(() => new RunActor(run, watchers, over));

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(exception =>
    {
        Self.Tell(new RunOutcome(RunEnd.Failed, _run.Iteration, RunFailures.OfActor(exception, Sender)));
        return Directive.Stop;
    });

    protected override void PreStart()
    {
        string root = Dispatchers.Replica(0);
        _observers = Context.ActorOf(
            ObserverActor.Props(_run, _watchers).WithDispatcher(Dispatchers.Files), "observers");
        var replicas = new ReplicaActors(_run.Replicas, Context);
        IActorRef evaluator = Context.ActorOf(
            EvaluatorActor.Props(_run.Tests, _run.Replicas.Root.Net, replicas.Devices).WithDispatcher(root),
            "evaluator");
        _snapshots = Context.ActorOf(SnapshotActor.Props(_run).WithDispatcher(Dispatchers.Files), "snapshots");
        _writers = [Context.Watch(_observers), Context.Watch(_snapshots)];
        _solver = Context.ActorOf(
            SolverActor.Props(_run, replicas.Group, evaluator, _snapshots, _observers).WithDispatcher(root), "solver");
        _requests = Context.ActorOf(
            RequestFilesActor.Props(_run.Folder.Path, _run.Log).WithDispatcher(Dispatchers.Files), "requests");
        ActorActivity metrics = new("metrics writer") { Actor = _observers };
        var insight = new RunInsight(
            _run, [_run.SolverActivity, .. replicas.Activities, _run.SnapshotActivity, metrics]);
        TrainingMeter.Begin(insight);
        _observers.Tell(insight);
        _run.Activities =
            [_run.SolverActivity, .. replicas.Activities, .. _run.Replicas.Replicas.Select(one => one.Activity)];
        // One of a cluster begins when all nodes are ready.
        if (_run.Cluster is null)
            _solver.Tell(Begin.Instance);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RunRequest or Begin:
                _solver.Tell(message);
                break;
            case RunEvent:
                _observers.Tell(message);
                break;
            case RequestDone done:
                _requests.Tell(done);
                break;
            case RunOutcome outcome when _outcome is null:
                _outcome = outcome;
                _overSince = Stopwatch.GetTimestamp();
                Timers.StartPeriodicTimer("end", LookAtEnd.Instance, SlowWait.Every);
                // They write what they were told before it, and end; then a snapshot that is still to be written is.
                _observers.Tell(PoisonPill.Instance);
                break;
            case RunOutcome:
                break;
            case Terminated over:
                _writers.Remove(over.ActorRef);
                if (_writers.Count == 0)
                    BeOver();
                else
                    _snapshots.Tell(PoisonPill.Instance);
                break;
            case LookAtEnd:
                LookAtLongEnd(Stopwatch.GetElapsedTime(_overSince));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void BeOver()
    {
        _over.TrySetResult(_outcome!);
        Context.Stop(Self);
    }

    // What a disk does not answer to in all that time it will not answer to at the end either.
    private void LookAtLongEnd(TimeSpan waited)
    {
        if (RunFailures.IsLongWait(_outcome?.Failure) || waited >= _run.Plan.WaitLimit)
        {
            _run.Log.Warn("The run ends without the files of its metrics or snapshots that are still being written.");
            BeOver();
        }
        else if (_slow.IsDue(waited))
        {
            _run.Log.Warn(string.Create(CultureInfo.InvariantCulture,
                $"The end of the run has waited {waited.TotalSeconds:F0} s for its metrics' or snapshot's files; it "
                + $"waits for {_run.Plan.WaitLimit.TotalSeconds:F0} s."));
        }
    }

    private sealed class LookAtEnd
    {
        public static readonly LookAtEnd Instance = new();
    }

    // The children have stopped by now: nobody touches the nets any more.
    protected override void PostStop() => _over.TrySetResult(
        _outcome ?? new RunOutcome(RunEnd.Failed, _run.Iteration,
            new CaffeException(ErrorCodes.Internal, FailureKind.Internal, "the run was stopped from outside")));
}
