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
    private readonly Dictionary<ulong, IActorRef> _nodes = [];
    private readonly HashSet<Address> _present = [];
    private readonly HashSet<Address> _unreachable = [];

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
                _nodes[frozen.Member.Node] = Sender;
                _state.Handle(frozen, Now);
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
                _unreachable.Remove(back.Member.Address);
                Expect();
                break;
            case AkkaEvent.UnreachableMember gone:
                _unreachable.Add(gone.Member.Address);
                Expect();
                Lose(gone.Member.Address, "the cluster does not reach it", isRemoved: false);
                break;
            case AkkaEvent.MemberRemoved removed:
                _present.Remove(removed.Member.Address);
                _unreachable.Remove(removed.Member.Address);
                Expect();
                Lose(removed.Member.Address, "it has left the cluster", isRemoved: true);
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
        if (_nodes.TryGetValue(node, out IActorRef? actor))
            actor.Tell(message, Self);
    }

    /// <inheritdoc/>
    public void Broadcast(IMessage message)
    {
        foreach (Address address in _present)
            Context.ActorSelection(NodePaths.NodeOf(address)).Tell(message, Self);
    }

    /// <inheritdoc/>
    public void Evict(Member node)
    {
        if (_nodes.Remove(node.Node, out IActorRef? actor) && actor.Path.Address is { HasGlobalScope: true } address)
            _cluster.Down(address);
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

    private void Come(ClusterMember member)
    {
        if (!member.HasRole(ClusterConfiguration.Role))
            return;
        _present.Add(member.Address);
        Expect();
        Context.ActorSelection(NodePaths.NodeOf(member.Address)).Tell(new Freeze(), Self);
    }

    private void Expect() =>
        _state.Expect(_present.Count(address => !_unreachable.Contains(address)), _present.Count);

    private void Lose(Address address, string reason, bool isRemoved)
    {
        foreach (ulong node in _nodes.Where(entry => AddressOf(entry.Value) == address).Select(entry => entry.Key)
            .ToList())
        {
            if (isRemoved)
                _nodes.Remove(node);
            _state.Unreachable(node, reason, isRemoved, Now);
        }
    }

    // This process's own node has a local path.
    private Address AddressOf(IActorRef actor) =>
        actor.Path.Address.HasGlobalScope ? actor.Path.Address : _cluster.SelfAddress;

    // The question to a process that came up before its node's actor did was lost.
    private void AskStrangers()
    {
        if (!_state.Trains || _present.Count <= _nodes.Count)
            return;
        foreach (Address address in _present.Where(address => _nodes.Values.All(node => AddressOf(node) != address)))
            Context.ActorSelection(NodePaths.NodeOf(address)).Tell(new Freeze(), Self);
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
