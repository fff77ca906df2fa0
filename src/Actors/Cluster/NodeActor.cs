using System.Diagnostics;
using System.Threading.Channels;
using Akka.Actor;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Cluster.Serialization;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using Google.Protobuf;
using Progress = CaffeActors.Actors.Cluster.Messages.Progress;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// A node's part in a run: it answers the coordinator, has its process build what epochs ask for, and passes sums and
/// commits between what trains here and the coordinator. It lives on a thread where nobody computes.
/// </summary>
internal sealed class NodeActor : UntypedActor, IWithTimers, INodeOutput
{
    /// <summary>What it is called in every process of a cluster.</summary>
    public const string Name = "node";

    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(500);

    private readonly Member _self;
    private readonly NodeState _state;
    private readonly ChannelWriter<NodeOrder> _orders;
    private readonly RunLog _log;
    private readonly EventLog? _trace;
    private readonly EpochGuard _guard;
    private IActorRef _coordinator = ActorRefs.Nobody;
    private ClusterSession? _session;
    private NodeOrder.Build? _building;
    private IActorRef _statusAsker = ActorRefs.Nobody;
    private bool _leaves;
    private long _sent;

    public NodeActor(Member self, Frozen fit, ChannelWriter<NodeOrder> orders, RunLog log, EventLog? trace,
        EpochGuard guard)
    {
        _self = self;
        _state = new NodeState(self, fit, this);
        (_orders, _log, _trace, _guard) = (orders, log, trace, guard);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Member self, Frozen fit, ChannelWriter<NodeOrder> orders, RunLog log, EventLog? trace,
        EpochGuard guard) => Akka.Actor.Props.Create(() => new NodeActor(self, fit, orders, log, trace, guard));

    protected override void PreStart() => Timers.StartPeriodicTimer("tick", Tick.Instance, TickEvery);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StepReduced reduced:
                OnSummed(reduced);
                break;
            case Tick:
                _state.Tick();
                TellProgress();
                if (_leaves)
                    Tell(new Leaving { Node = _self.Node });
                break;
            case Freeze or View or Start or Messages.Commit or RunOver or Refused:
                _coordinator = Sender.IsNobody() ? _coordinator : Sender;
                _state.Handle((IMessage)message);
                break;
            case SessionBuilt built when built.Ready.Epoch == _state.Promised:
                _session = built.Session;
                _sent = built.Session.Carried.BytesSent;
                _state.Built(built.Ready);
                break;
            case SessionFailed failed when failed.Epoch == _state.Promised:
                Tell(new NodeFailed
                {
                    Epoch = failed.Epoch,
                    Node = _self.Node,
                    Kind = (int)failed.Failure.Kind,
                    Code = failed.Failure.Code,
                    Text = $"{_self.Name}: {failed.Failure.Message}",
                });
                break;
            case SessionOver over when over.Epoch == _state.Promised:
                Tell(Over(over));
                break;
            case NodeLost lost when _state.View is { } view && lost.Epoch == (long)_state.Promised:
                Member other = view.Members[lost.Rank];
                _log.Warn($"The connection to {other.Name} is gone: {lost.Reason}");
                // The coordinator's own process: the cluster needs not find out by itself. Epochs fence it, should it
                // live after all.
                if (lost.IsGone && lost.Rank == 0)
                    Akka.Cluster.Cluster.Get(Context.System).Down(NodePaths.AddressOf(Context.System, other.Name));
                Tell(new Suspect
                {
                    Epoch = view.Epoch,
                    Node = _self.Node,
                    Suspect_ = other.Node,
                    Reason = lost.Reason,
                });
                break;
            case ConfirmEpoch question:
                Sender.Tell(new EpochConfirmed
                {
                    Epoch = question.Epoch,
                    Question = question.Question,
                    Node = _self.Node,
                    Stands = question.Epoch == _state.Promised,
                });
                break;
            case EpochConfirmed confirmed:
                _guard.Hear(confirmed);
                break;
            case EpochGuard.Question question:
                Ask(question);
                break;
            case StatusRequest:
                OnStatus();
                break;
            case StatusReply reply:
                _statusAsker.Tell(reply);
                break;
            case Leave:
                _leaves = true;
                Tell(new Leaving { Node = _self.Node });
                break;
            case UnknownMessage or SessionBuilt or SessionFailed or SessionOver or NodeLost:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    public void Tell(IMessage message) => _coordinator.Tell(message, Self);

    /// <inheritdoc/>
    public void Suspend() => _building?.Cancel();

    /// <inheritdoc/>
    public void Build(View view, bool commitFirst, bool takesState)
    {
        _building?.Cancel();
        _building = NodeOrder.ToBuild(view, commitFirst, takesState);
        // The base is the last iteration of the epoch before.
        if (commitFirst && _session is not null)
        {
            _trace?.Write(new ClusterEvent(ClusterEventKind.Committed, _session.Epoch, view.Base),
                _session.RecordsOf(view.Base - 1));
        }

        _session = null;
        _trace?.Write(new ClusterEvent(ClusterEventKind.Formed, view.Epoch, view.Base,
            commitFirst ? "commits the base first" : takesState ? "takes the base over" : "",
            [.. view.Members.Select(member => member.Node)]));
        _orders.TryWrite(_building);
    }

    /// <inheritdoc/>
    public void StandBy()
    {
        _building?.Cancel();
        _session = null;
        _orders.TryWrite(new NodeOrder.StandBy());
    }

    /// <inheritdoc/>
    public void Run()
    {
        _trace?.Write(new ClusterEvent(ClusterEventKind.Started, _state.Promised, _state.Committed));
        _session!.Begin();
    }

    /// <inheritdoc/>
    public void Commit(long iteration, float loss)
    {
        _session!.Commit((int)iteration, loss);
        _trace?.Write(new ClusterEvent(ClusterEventKind.Committed, _state.Promised, _state.Committed),
            _session.RecordsOf(iteration));
    }

    /// <inheritdoc/>
    public void End(RunOver over)
    {
        _building?.Cancel();
        _orders.TryWrite(new NodeOrder.End(over));
    }

    private void OnSummed(StepReduced reduced)
    {
        if (_session is null || reduced.Epoch != (long)_state.Promised)
            return;
        (long sent, long breaks) = _session.Carried;
        _state.Summed(new Reduced
        {
            Epoch = _state.Promised,
            Node = _self.Node,
            Iteration = reduced.Iteration + 1,
            Loss = reduced.Loss,
            PassMs = Milliseconds(reduced.PassTicks),
            WaitMs = Milliseconds(reduced.WaitTicks),
            StateHash = _session.HashFor(reduced.Iteration),
            SentBytes = (ulong)(sent - _sent),
            Breaks = (uint)breaks,
        });
        _sent = sent;
    }

    private static float Milliseconds(long ticks) => (float)(ticks * 1000.0 / Stopwatch.Frequency);

    private void TellProgress()
    {
        if (_state.View is not { } view || _state.Rank < 0)
            return;
        var progress = new Progress
        {
            Epoch = _state.Promised,
            Node = _self.Node,
            Iteration = _state.Committed,
            Phase = _session?.Phase(_state.Runs, _state.HoldsSum) ?? NodePhase.Builds,
            Counter = _session?.Counter ?? 0,
        };
        if (_session is not null && progress.Phase == NodePhase.Reduces)
            progress.WaitsFor.AddRange(_session.WaitsFor.Select(rank => view.Members[rank].Node));
        Tell(progress);
    }

    private static RunOver Over(SessionOver over) => new()
    {
        Epoch = over.Epoch,
        Iteration = over.Outcome.Iteration,
        End = over.Outcome.End switch { RunEnd.Finished => 0, RunEnd.Stopped => 1, _ => 2 },
        Kind = (int)(over.Outcome.Failure?.Kind ?? default),
        Code = over.Outcome.Failure?.Code ?? "",
        Text = over.Outcome.Failure?.Message ?? "",
    };

    // To all members, this one included.
    private void Ask(EpochGuard.Question question)
    {
        if (_state.View is not { } view || question.Epoch != _state.Promised)
        {
            _guard.Refuse(question);
            return;
        }

        _guard.Expect(question, [.. view.MembersByAddress]);
        var asked = new ConfirmEpoch { Epoch = question.Epoch, Question = question.Number };
        foreach (Member member in view.Members)
            Context.ActorSelection(NodePaths.NodeOf(Context.System, member.Name)).Tell(asked, Self);
    }

    // Who coordinates knows all; without one this node tells of itself.
    private void OnStatus()
    {
        if (!_coordinator.IsNobody())
        {
            _statusAsker = Sender;
            Tell(new StatusRequest());
            return;
        }

        var reply = new StatusReply { Committed = _state.Committed };
        reply.Nodes.Add(new NodeStatus
        {
            Name = _self.Name,
            Node = _self.Node,
            Rank = -1,
            Iteration = _state.Committed,
            Devices = _self.Devices,
            Note = "knows of no coordinator yet",
        });
        Sender.Tell(reply);
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
