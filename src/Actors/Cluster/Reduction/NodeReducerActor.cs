using System.Diagnostics;
using Akka.Actor;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Reduction;
using CaffeActors.Actors.Training;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>
/// The level above a node's replicas: it exchanges the sums of their gradients with other nodes as
/// <see cref="NodeReduction"/> says, tells the cluster when all sums are there, and lets the root update once the
/// cluster says that they are everywhere. It lives on the root's thread; memory is touched by the root's device alone.
/// </summary>
internal sealed class NodeReducerActor : UntypedActor
{
    private readonly ReductionWiring _wiring;
    private readonly ReplicaGroup _group;
    private readonly NodeExchange _exchange;
    private readonly NodeReduction _reduction;
    private readonly List<NodeAction> _actions = [];
    // What was made once, by what it does.
    private readonly Dictionary<NodeAction, NodeWork> _works = [];
    private readonly NodeScaleWork[] _scales;
    private readonly NodeAdoptWork _adopt;
    private readonly BucketReduced[] _reduced;
    private IBlockLinks? _links;
    private int _bucketsMissing;
    private int _replicasMissing;
    private bool _told;
    private bool _isClosed;
    private StepCommitted? _committed;
    private long _passTicks;

    public NodeReducerActor(ReductionWiring wiring)
    {
        _wiring = wiring;
        _group = wiring.Group;
        _exchange = _group.Exchange!;
        _reduction = _exchange.Reduction;
        _scales = wiring.Each(b => new NodeScaleWork(_exchange, b));
        _reduced = wiring.Each(b => new BucketReduced(b));
        _adopt = new NodeAdoptWork(_exchange);
        (_bucketsMissing, _replicasMissing) = (_group.Buckets.Count, _group.Replicas.Count);
    }

    private NodeSeat Seat => _exchange.Seat;

    public static Props Props(ReductionWiring wiring) =>
        Akka.Actor.Props.Create(() => new NodeReducerActor(wiring));

    protected override void PreStart()
    {
        _exchange.Statistics.Keep();
        _exchange.Inbox.Reducer = Self;
        _exchange.Inbox.Misfit = (peer, reason) => Seat.Node.Tell(new NodeLost(Seat.Epoch, peer, reason));
        if (_reduction.Neighbours.Count > 0)
            _links = Seat.OpenLinks(_reduction.Neighbours, _exchange.Inbox);
        Seat.Watch.Started(Self, _reduction.WaitsFor);
    }

    protected override void PostStop() => _links?.Dispose();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BucketReady ready when _exchange.Factor != 1:
                _wiring.Devices[0].Tell(_scales[ready.Bucket].Request);
                break;
            case BucketReady ready:
                OnOwnReady(ready.Bucket);
                break;
            case PassesDone done:
                if (done.Rank == 0)
                    _passTicks = Stopwatch.GetTimestamp() - _group.StepBegan;
                _replicasMissing--;
                break;
            case BlockArrived block:
                _reduction.Arrived(block.Peer, block.Stream, block.Unit, _actions);
                break;
            case BlockSent block:
                _reduction.Sent(block.Stream, block.Unit, _actions);
                break;
            case StepCommitted committed when _told && committed.Iteration == _group.Iteration:
                _committed = committed;
                break;
            case StepCommitted:
                break;
            case LinksClosed:
                _isClosed = true;
                break;
            case Ran { Work.Failure: { } failure }:
                Context.Parent.Tell(new Failed(RunFailures.Unexpected(failure, "the sum over nodes")));
                return;
            case Ran { Work: NodeScaleWork scale }:
                OnOwnReady(scale.Bucket);
                break;
            case Ran { Work: NodeWork work }:
                OnRan(work.Action);
                break;
            case Ran { Work: NodeAdoptWork }:
                Finish();
                break;
            default:
                Unhandled(message);
                return;
        }

        CarryOut();
        TryTell();
        TryCommit();
    }

    private void OnOwnReady(int bucket)
    {
        for (int unit = _exchange.Layout.FirstOf(bucket); unit < _exchange.Layout.EndOf(bucket); unit++)
            _reduction.OwnReady(unit, _actions);
        // No pass changes them any more when all gradients are there.
        int statistics = _exchange.StatisticsUnit;
        if (--_bucketsMissing == 0 && statistics >= 0 && _reduction.Routes[statistics].Gives)
            _reduction.OwnReady(statistics, _actions);
    }

    private void CarryOut()
    {
        // Those that an action leads to are added behind it.
        for (int i = 0; i < _actions.Count; i++)
        {
            NodeAction action = _actions[i];
            if (action.Kind == NodeActionKind.ForwardSum)
                Forward(action);
            else if (action.Kind != NodeActionKind.Complete)
                _wiring.Devices[0].Tell(WorkOf(action).Request);
        }

        _actions.Clear();
    }

    private NodeWork WorkOf(NodeAction action)
    {
        if (!_works.TryGetValue(action, out NodeWork? work))
            _works.Add(action, work = new NodeWork(_exchange, action));
        return work;
    }

    private void Forward(NodeAction action)
    {
        int iteration = _exchange.Inbox.IterationOf(action.Peer, BlockStream.Sum, action.Unit);
        _reduction.Ran(action, _actions);
        foreach (int peer in _reduction.Routes[action.Unit].Down)
            _exchange.Forward(_links!, peer, new BlockId(BlockStream.Sum, iteration, action.Unit));
    }

    private void OnRan(NodeAction action)
    {
        _reduction.Ran(action, _actions);
        NodeRoute route = _reduction.Routes[action.Unit];
        if (action.Kind == NodeActionKind.SendPartial)
        {
            _exchange.Send(_links!, route.Up, new BlockId(BlockStream.Partial, _group.Iteration, action.Unit));
        }
        else if (action.Kind == NodeActionKind.SendSum)
        {
            foreach (int peer in route.Down)
                _exchange.Send(_links!, peer, new BlockId(BlockStream.Sum, _group.Iteration, action.Unit));
        }
    }

    private void TryTell()
    {
        if (_told || _isClosed || _replicasMissing > 0 || !_reduction.IsWhole)
            return;
        _told = true;
        long all = Stopwatch.GetTimestamp() - _group.StepBegan;
        Seat.Node.Tell(new StepReduced(
            Seat.Epoch, _group.Iteration, Seat.Deal.ToldBy(Seat.Rank, _group.Losses), _passTicks, all - _passTicks));
    }

    // What is being sent must not change: its receiver may ask for it again.
    private void TryCommit()
    {
        if (_committed is not { } committed || !(_reduction.IsQuiet || _isClosed))
            return;
        (_committed, _told) = (null, false);
        _group.CommittedLoss = committed.Loss;
        (_bucketsMissing, _replicasMissing) = (_group.Buckets.Count, _group.Replicas.Count);
        if (_exchange.StatisticsUnit >= 0)
            _wiring.Devices[0].Tell(_adopt.Request);
        else
            Finish();
        CarryOut();
    }

    private void Finish()
    {
        foreach (BucketReduced reduced in _reduced)
            _wiring.Replicas[0].Tell(reduced);
        // Not before the statistics are taken over: rank 0 may have sent the next ones already. Where links are closed
        // this was the epoch's last iteration, and what was being sent stays so.
        if (!_isClosed)
            _reduction.Begin(_actions);
    }
}
