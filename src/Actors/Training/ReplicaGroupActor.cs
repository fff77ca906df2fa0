using System.Globalization;
using Akka.Actor;
using CaffeActors.Actors.Cluster.Reduction;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Reduction;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Training;

/// <summary>
/// The replicas as one: it passes a step on to all of them and tells when all have run and the root has updated.
/// Children may still be taking over the new parameters by then; their next step waits for it. It lives on the root's
/// thread.
/// </summary>
internal sealed class ReplicaGroupActor : UntypedActor
{
    private readonly ReplicaGroup _group;
    private readonly ReductionWiring _wiring;
    private IActorRef _asker = ActorRefs.Nobody;
    private StepDone? _rootDone;
    private int _missing;
    private Examined? _examined;

    public ReplicaGroupActor(ReplicaGroup group, ReductionWiring wiring)
    {
        _group = group;
        _wiring = wiring;
    }

    /// <summary>The props.</summary>
    /// <param name="group">The replicas.</param>
    /// <param name="devices">Their devices, by rank.</param>
    public static Props Props(ReplicaGroup group, params IReadOnlyList<IActorRef> devices) =>
        Akka.Actor.Props.Create(() => new ReplicaGroupActor(group, new ReductionWiring(group, devices)));

    /// <summary>The props of a single replica whose layers are placed on several devices.</summary>
    /// <param name="group">The replica.</param>
    /// <param name="placed">Its devices.</param>
    public static Props Props(ReplicaGroup group, NetDevices placed) => Akka.Actor.Props.Create(
        () => new ReplicaGroupActor(group, new ReductionWiring(group, new[] { placed.Main }) { Placed = placed }));

    protected override SupervisorStrategy SupervisorStrategy() => Supervision.Escalate;

    protected override void PreStart()
    {
        for (int rank = 0; rank < _group.Replicas.Count; rank++)
        {
            _wiring.Replicas[rank] = Context.ActorOf(
                ReplicaActor.Props(_wiring, rank).WithDispatcher(Dispatchers.Replica(rank)),
                string.Create(CultureInfo.InvariantCulture, $"replica-{rank}"));
        }

        if (_group.Seat is not null)
        {
            _wiring.Above = _wiring.Up[0] = Context.ActorOf(
                NodeReducerActor.Props(_wiring).WithDispatcher(Dispatchers.Replica(0)), "nodes");
        }

        if (_group.Reduction == ReductionKind.Ring)
            RingReduction.Start(Context, _wiring);
        else
            TreeReduction.Start(Context, _wiring);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Step step:
                _asker = Sender;
                _missing = _wiring.Replicas.Length;
                _group.BeginStep(step.Iteration);
                foreach (IActorRef replica in _wiring.Replicas)
                    replica.Tell(message);
                break;
            case StepDone done:
                if (done.Rank == 0)
                    _rootDone = done;
                if (--_missing == 0)
                    _asker.Tell(Outcome(_rootDone!));
                break;
            case Examine:
                (_asker, _missing) = (Sender, _wiring.Replicas.Length);
                foreach (IActorRef replica in _wiring.Replicas)
                    replica.Tell(message);
                break;
            case Examined one:
                if (_examined is null || Precedes(one, _examined))
                    _examined = one;
                if (--_missing == 0)
                    _asker.Tell(_examined);
                break;
            case MeasureLoss:
                _asker = Sender;
                _wiring.Replicas[0].Tell(message);
                break;
            case LossMeasured or Failed:
                _asker.Tell(message);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // A replica that found something before one that did not, else by rank: whatever the order of their answers.
    private static bool Precedes(Examined one, Examined other) =>
        (one.Fault is null, one.Rank).CompareTo((other.Fault is null, other.Rank)) < 0;

    // As in Caffe the loss told is the root's. Of a batch that is summed by grains, or that several nodes share, it is
    // the whole batch's.
    private StepDone Outcome(StepDone root) => _group.Seat is not null ? root with { Loss = _group.CommittedLoss }
        : _group.IsReproducible
        ? root with { Loss = FixedTree.Sum(_group.Losses) / (_group.Losses.Length * _group.Root.Passes) }
        : root;
}
