using Akka.Actor;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// Training on a node that is not the first: one iteration after the other, each begun when the one before is
/// committed. Who is first tests, tells and decides when it is over.
/// </summary>
internal sealed class FollowerActor : UntypedActor
{
    private readonly Follower _follower;
    private readonly TaskCompletionSource<RunOutcome> _over;
    private IActorRef _replicas = ActorRefs.Nobody;

    public FollowerActor(Follower follower, TaskCompletionSource<RunOutcome> over) =>
        (_follower, _over) = (follower, over);

    public static Props Props(Follower follower, TaskCompletionSource<RunOutcome> over) =>
        Akka.Actor.Props.Create(() => new FollowerActor(follower, over));

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(exception =>
    {
        Self.Tell(new Failed(RunFailures.OfActor(exception, Sender)));
        return Directive.Stop;
    });

    protected override void PreStart()
    {
        var replicas = new ReplicaActors(_follower.Replicas, Context);
        _follower.Activities = [.. replicas.Activities, .. _follower.Replicas.Replicas.Select(one => one.Activity)];
        _replicas = replicas.Group;
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Begin:
                Step();
                break;
            case StepDone done:
                _follower.Observe(done);
                Step();
                break;
            case Failed failed:
                End(new RunOutcome(RunEnd.Failed, _follower.Iteration, failed.Failure));
                break;
            case RunOutcome outcome:
                End(outcome);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // The children have stopped by now: nobody touches the nets any more.
    protected override void PostStop() => _over.TrySetResult(new RunOutcome(RunEnd.Failed, _follower.Iteration,
        new CaffeException(ErrorCodes.Internal, FailureKind.Internal, "the run was stopped from outside")));

    private void Step()
    {
        if (_follower.Iteration < _follower.Plan.Solver.MaxIter)
            _replicas.Tell(new Step(_follower.Iteration));
    }

    private void End(RunOutcome outcome)
    {
        _over.TrySetResult(outcome);
        Context.Stop(Self);
    }
}
