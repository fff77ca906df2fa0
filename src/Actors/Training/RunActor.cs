using System.Globalization;
using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Training;

/// <summary>
/// A whole run: parent of everything that works for it. A child that dies ends the run in order: metrics written, the
/// last good snapshot kept, the failure told.
/// </summary>
internal sealed class RunActor : UntypedActor
{
    private readonly TrainingRun _run;
    private readonly IReadOnlyList<WatcherThread> _watchers;
    private readonly TaskCompletionSource<RunOutcome> _over;
    private IActorRef _solver = ActorRefs.Nobody;
    private IActorRef _observers = ActorRefs.Nobody;
    private IActorRef _snapshots = ActorRefs.Nobody;
    private HashSet<IActorRef> _writers = [];
    private IActorRef _requests = ActorRefs.Nobody;
    private RunOutcome? _outcome;

    public RunActor(TrainingRun run, IReadOnlyList<WatcherThread> watchers, TaskCompletionSource<RunOutcome> over)
    {
        _run = run;
        _watchers = watchers;
        _over = over;
    }

    public static Props Props(
        TrainingRun run, IReadOnlyList<WatcherThread> watchers, TaskCompletionSource<RunOutcome> over) =>
        Akka.Actor.Props.Create(() => new RunActor(run, watchers, over));

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(exception =>
    {
        Exception cause = exception is ActorInitializationException { InnerException: { } inner } ? inner : exception;
        CaffeException failure = RunFailures.Unexpected(cause, $"actor '{Sender.Path.Name}'");
        Self.Tell(new RunOutcome(RunEnd.Failed, _run.Iteration, failure));
        return Directive.Stop;
    });

    protected override void PreStart()
    {
        string root = Dispatchers.Replica(0);
        _observers = Context.ActorOf(
            ObserverActor.Props(_run, _watchers).WithDispatcher(Dispatchers.Files), "observers");
        ReplicaGroup group = _run.Replicas;
        NetDevices? placed = group.Root.Placement is { } placement ? Placed(placement) : null;
        IActorRef[] devices = placed is not null ? [placed.Main]
            : [.. group.Replicas.Select((replica, rank) => Device(replica.Gpu, rank, rank))];
        IActorRef replicas = Context.ActorOf(
            (placed is null ? ReplicaGroupActor.Props(group, devices) : ReplicaGroupActor.Props(group, placed))
                .WithDispatcher(root), "replicas");
        IActorRef evaluator = Context.ActorOf(
            EvaluatorActor.Props(_run.Tests, group.Root.Net, placed ?? new NetDevices(devices[0]))
                .WithDispatcher(root), "evaluator");
        _snapshots = Context.ActorOf(SnapshotActor.Props(_run).WithDispatcher(Dispatchers.Files), "snapshots");
        _writers = [Context.Watch(_observers), Context.Watch(_snapshots)];
        _solver = Context.ActorOf(
            SolverActor.Props(_run, replicas, evaluator, _snapshots, _observers).WithDispatcher(root), "solver");
        _requests = Context.ActorOf(
            RequestFilesActor.Props(_run.Folder.Path, _run.Log).WithDispatcher(Dispatchers.Files), "requests");
        _solver.Tell(Begin.Instance);
    }

    // The replica's own thread then only passes messages on: while a device computes, others must hear them.
    private static NetDevices Placed(LayerPlacement placement) => new(
        [.. placement.Devices.Select((device, i) =>
            (Device(device.Gpu, i, i + 1), (string?)Dispatchers.Replica(i + 1)))],
        placement.IndexOf);

    private static IActorRef Device(GpuDevice? gpu, int number, int thread) => Context.ActorOf(
        DeviceActor.Props(gpu).WithDispatcher(Dispatchers.Replica(thread)),
        string.Create(CultureInfo.InvariantCulture, $"device-{number}"));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RunRequest request:
                _solver.Tell(request);
                break;
            case RequestDone done:
                _requests.Tell(done);
                break;
            case RunOutcome outcome when _outcome is null:
                _outcome = outcome;
                // They write what they were told before it, and end; then a snapshot that is still to be written is.
                _observers.Tell(PoisonPill.Instance);
                break;
            case RunOutcome:
                break;
            case Terminated over:
                _writers.Remove(over.ActorRef);
                if (_writers.Count == 0)
                    Context.Stop(Self);
                else
                    _snapshots.Tell(PoisonPill.Instance);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // The children have stopped by now: nobody touches the nets any more.
    protected override void PostStop() => _over.TrySetResult(
        _outcome ?? new RunOutcome(RunEnd.Failed, _run.Iteration,
            new CaffeException(ErrorCodes.Internal, FailureKind.Internal, "the run was stopped from outside")));
}
