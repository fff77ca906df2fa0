using Akka.Actor;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Cluster.Serialization;
using Google.Protobuf;
using AkkaEvent = Akka.Cluster.ClusterEvent;
using ClusterMember = Akka.Cluster.Member;
using Member = CaffeActors.Actors.Cluster.Messages.Member;
using Progress = CaffeActors.Actors.Cluster.Messages.Progress;
using UniqueAddress = Akka.Cluster.UniqueAddress;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// The coordinator of a run, a singleton of the cluster on its oldest member. It hears of members from the cluster and
/// from nodes where they stand; what follows is <see cref="CoordinatorState"/>'s.
/// </summary>
internal sealed class CoordinatorActor : UntypedActor, IWithTimers, ICoordinatorOutput
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);

    private readonly CoordinatorState _state;
    private readonly ClusterTelling _telling;
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    // By node, its actor and its process. A process that starts at the address of one that was killed is another.
    private readonly Dictionary<ulong, (IActorRef Actor, UniqueAddress Process)> _nodes = [];
    private readonly HashSet<UniqueAddress> _present = [];
    private readonly HashSet<UniqueAddress> _unreachable = [];

    public CoordinatorActor(CoordinatorSettings settings, IBatchDealer dealer, ulong own, ClusterTelling telling,
        TimeProvider time)
    {
        _state = new CoordinatorState(settings, dealer, own, this);
        (_telling, _time, _began) = (telling, time, time.GetTimestamp());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _time.GetElapsedTime(_began);

    public static Props Props(CoordinatorSettings settings, IBatchDealer dealer, ulong own, ClusterTelling telling,
        TimeProvider time) =>
        Akka.Actor.Props.Create(() => new CoordinatorActor(settings, dealer, own, telling, time));

    protected override void PreStart()
    {
        _cluster.Subscribe(Self, AkkaEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(AkkaEvent.IMemberEvent), typeof(AkkaEvent.IReachabilityEvent));
        Timers.StartPeriodicTimer("tick", Tick.Instance, TickEvery);
        _telling.Log.Info("This node coordinates the run.");
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Reduced reduced:
                _state.Handle(reduced, Now);
                break;
            case Tick:
                _state.Tick(Now);
                _telling.Flush();
                AskStrangers();
                break;
            case Frozen frozen:
                OnFrozen(frozen);
                break;
            case StatusRequest:
                Sender.Tell(StatusTable.Of(_state, Now));
                break;
            case IMessage other:
                _state.Handle(other, Now);
                break;
            case AkkaEvent.MemberUp up:
                Come(up.Member);
                break;
            case AkkaEvent.ReachableMember back:
                _unreachable.Remove(back.Member.UniqueAddress);
                Expect();
                break;
            case AkkaEvent.UnreachableMember gone:
                _unreachable.Add(gone.Member.UniqueAddress);
                Expect();
                Lose(gone.Member.UniqueAddress, "the cluster does not reach it", isRemoved: false);
                break;
            case AkkaEvent.MemberRemoved removed:
                _present.Remove(removed.Member.UniqueAddress);
                _unreachable.Remove(removed.Member.UniqueAddress);
                Expect();
                Lose(removed.Member.UniqueAddress, "it has left the cluster", isRemoved: true);
                break;
            case AkkaEvent.IMemberEvent or AkkaEvent.IReachabilityEvent or UnknownMessage:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    public void Send(ulong node, IMessage message)
    {
        if (_nodes.TryGetValue(node, out (IActorRef Actor, UniqueAddress Process) known))
            known.Actor.Tell(message, Self);
    }

    /// <inheritdoc/>
    public void Broadcast(IMessage message)
    {
        foreach (UniqueAddress process in _present)
            Context.ActorSelection(NodePaths.NodeOf(process.Address)).Tell(message, Self);
    }

    /// <inheritdoc/>
    public void Evict(Member node)
    {
        if (_nodes.Remove(node.Node, out (IActorRef Actor, UniqueAddress Process) known)
            && known.Process != _cluster.SelfUniqueAddress)
        {
            _cluster.Down(known.Process.Address);
        }
    }

    /// <inheritdoc/>
    public void Note(ClusterEvent what) => _telling.Note(what, _state);

    /// <inheritdoc/>
    public void End(RunOver over) => _telling.Flush();

    /// <inheritdoc/>
    public void Abdicate(RunOver over)
    {
        _telling.Flush();
        Context.ActorSelection(NodePaths.NodeOf(_cluster.SelfAddress)).Tell(over, Self);
    }

    // A process may be asked before the cluster has let it in, where another one had its address. It is asked again.
    private void OnFrozen(Frozen frozen)
    {
        var process = new UniqueAddress(
            Sender.Path.Address.HasGlobalScope ? Sender.Path.Address : _cluster.SelfAddress,
            (int)frozen.Member.Incarnation);
        if (!_present.Contains(process))
            return;
        _nodes[frozen.Member.Node] = (Sender, process);
        _state.Handle(frozen, Now);
    }

    private void Come(ClusterMember member)
    {
        if (!member.HasRole(ClusterConfiguration.Role))
            return;
        _present.Add(member.UniqueAddress);
        Expect();
        Context.ActorSelection(NodePaths.NodeOf(member.Address)).Tell(new Freeze(), Self);
    }

    private void Expect() =>
        _state.Expect(_present.Count(process => !_unreachable.Contains(process)), _present.Count);

    private void Lose(UniqueAddress process, string reason, bool isRemoved)
    {
        foreach (ulong node in _nodes.Where(entry => entry.Value.Process.Equals(process)).Select(entry => entry.Key)
            .ToList())
        {
            if (isRemoved)
                _nodes.Remove(node);
            _state.Unreachable(node, reason, isRemoved, Now);
        }
    }

    // The question to a process that came up before its node's actor did was lost.
    private void AskStrangers()
    {
        if (!_state.Trains)
            return;
        foreach (UniqueAddress process in _present.Except(_nodes.Values.Select(node => node.Process)))
            Context.ActorSelection(NodePaths.NodeOf(process.Address)).Tell(new Freeze(), Self);
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
