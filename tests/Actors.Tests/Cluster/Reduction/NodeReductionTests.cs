using System.Numerics;
using Akka.Actor;
using CaffeActors.Actors.Cluster.Reduction;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Reduction;
using CsCheck;

namespace CaffeActors.Actors.Tests.Cluster.Reduction;

/// <summary>
/// All nodes make the same sum, in the order that the deal says, whatever comes first: own gradients, blocks (twice, or
/// begun anew), the device's work, words of arrival and of commits. A gradient is a number that tells how it was added.
/// </summary>
public sealed unsafe class NodeReductionTests
{
    // Each iteration is a schedule of its own: 100,000 in all.
    private const int Iterations = 20;
    private const int Runs = 5_000;

    private static ulong Sum(ulong own, ulong came) =>
        (own * 6364136223846793005) + (BitOperations.RotateLeft(came, 29) * 1442695040888963407) + 1;

    private static ulong Own(int node, int unit, int iteration) =>
        ((ulong)node * 1_000_003) + ((ulong)unit * 10_007) + ((ulong)iteration * 101) + 5;

    [Fact]
    public void AnySchedule_GivesTheOneSum() => Gen.Select(
        Gen.Int[1, 5], Gen.Int[1, 2], Gen.Bool, Gen.Bool, Gen.Int[0, int.MaxValue])
        .Sample((nodes, buckets, ring, statistics, seed) =>
        {
            using var run = new Simulation(nodes, buckets, ring, statistics, seed);
            run.Train(Iterations);
        }, iter: Runs);

    [Fact]
    public void Node_WaitsForThoseBelowFirst()
    {
        BatchDeal deal = BatchDeal.Even(4, [1, 1, 1, 1])!;
        var reduction = new NodeReduction([NodeRoute.OfTree(deal, 2)]);
        List<NodeAction> actions = [];
        Assert.Equal([0, 3], reduction.Neighbours);
        Assert.Empty(reduction.WaitsFor());
        reduction.OwnReady(0, actions);
        Assert.Equal([3], reduction.WaitsFor());
        reduction.Arrived(3, BlockStream.Partial, 0, actions);
        Assert.Equal([0], reduction.WaitsFor());
        reduction.Arrived(0, BlockStream.Sum, 0, actions);
        Assert.Empty(reduction.WaitsFor());
        Assert.Throws<InvalidOperationException>(() => reduction.Begin(actions));
    }

    [Fact]
    public void BlockOfAnotherLength_IsNotTakenAndTold()
    {
        var reduction = new NodeReduction([NodeRoute.OfTree(BatchDeal.Even(2, [1, 1])!, 0)]);
        List<string> told = [];
        List<object> heard = [];
        using var inbox = new NodeInbox(reduction, [8])
        {
            Reducer = new Ear(heard.Add),
            Misfit = (peer, reason) => told.Add($"{peer}: {reason}"),
        };
        var block = new BlockId(BlockStream.Partial, 3, 0);
        Assert.Equal(0, inbox.BufferFor(1, block, 12));
        inbox.Received(1, block);
        Assert.Equal(0, inbox.BufferFor(1, block, 8));
        Assert.StartsWith("1: it sends 12 bytes where 8 are expected", Assert.Single(told), StringComparison.Ordinal);
        Assert.Empty(heard);
        // Nor what nobody is to send.
        Assert.Equal(0, inbox.BufferFor(2, block, 8));
        Assert.Equal(0, inbox.BufferFor(1, block with { Index = 1 }, 8));
        Assert.Equal(0, inbox.BufferFor(1, block with { Stream = BlockStream.Sum }, 8));
        Assert.Equal(0, inbox.BufferFor(1, block with { Stream = BlockStream.State }, 8));
    }

    private sealed class Ear(Action<object> hears) : MinimalActorRef
    {
        public override ActorPath Path { get; } = new RootActorPath(Address.AllSystems) / "ear";

        public override IActorRefProvider Provider => throw new NotSupportedException();

        protected override void TellInternal(object message, IActorRef sender) => hears(message);
    }

    private sealed class Node
    {
        public required NodeReduction Reduction { get; init; }

        public required NodeInbox Inbox { get; init; }

        public required ulong[] Own { get; init; }

        public List<object> Mail { get; } = [];

        public List<NodeAction> Works { get; } = [];

        public List<int> Unready { get; } = [];

        public int Iteration { get; set; }

        public bool Told { get; set; }
    }

    private sealed class Simulation : IDisposable
    {
        private readonly System.Random _random;
        private readonly Node[] _nodes;
        private readonly BatchDeal _deal;
        private readonly bool _ring;
        private readonly int _units;
        private readonly List<NodeAction> _actions = [];
        private readonly List<(int From, int To, BlockId Block, ulong Value, nint At)> _wire = [];
        private int _committed;

        public Simulation(int nodes, int buckets, bool ring, bool statistics, int seed)
        {
            _random = new System.Random(seed);
            _ring = ring;
            int[] devices = [.. Enumerable.Repeat(1, nodes)];
            _deal = ring ? BatchDeal.Even(nodes, devices)! : BatchDeal.Grains(nodes + (seed % 5), 1, 1, devices)!;
            _units = ring ? buckets * nodes : buckets;
            _nodes =
            [
                .. Enumerable.Range(0, nodes).Select(rank =>
                {
                    List<NodeRoute> routes =
                    [
                        .. Enumerable.Range(0, _units).Select(unit =>
                            ring ? NodeRoute.OfRing(nodes, rank, unit % nodes) : NodeRoute.OfTree(_deal, rank)),
                    ];
                    if (statistics)
                        routes.Add(NodeRoute.OfRoot(_deal, rank, ring));
                    var reduction = new NodeReduction(routes);
                    var node = new Node
                    {
                        Reduction = reduction,
                        Inbox = new NodeInbox(reduction, [.. routes.Select(_ => 8L)]),
                        Own = GC.AllocateArray<ulong>(routes.Count, pinned: true),
                    };
                    node.Inbox.Reducer = new Ear(node.Mail.Add);
                    return node;
                }),
            ];
        }

        public void Train(int iterations)
        {
            foreach (Node node in _nodes)
                Begin(node);
            int running = _nodes.Length;
            for (int idle = 0; running > 0; idle++)
            {
                int rank = _random.Next(_nodes.Length), before = _nodes[rank].Iteration;
                for (int kind = _random.Next(5), tries = 0; tries < 5; tries++, kind = (kind + 1) % 5)
                {
                    if (!Happens(rank, kind, iterations))
                        continue;
                    idle = 0;
                    break;
                }

                if (_nodes[rank].Iteration == iterations && before < iterations)
                    running--;
                Assert.True(idle < 1_000, "nothing goes on");
            }
        }

        public void Dispose()
        {
            foreach (Node node in _nodes)
                node.Inbox.Dispose();
        }

        private void Begin(Node node)
        {
            node.Told = false;
            for (int unit = 0; unit < node.Own.Length; unit++)
            {
                if (node.Reduction.Routes[unit].Gives)
                    node.Unready.Add(unit);
            }
        }

        private bool Happens(int rank, int kind, int iterations)
        {
            Node node = _nodes[rank];
            switch (kind)
            {
                case 0 when node.Unready.Count > 0 && node.Iteration < iterations:
                    int unit = Take(node.Unready);
                    node.Own[unit] = Own(rank, unit, node.Iteration);
                    node.Reduction.OwnReady(unit, _actions);
                    break;
                case 1 when node.Works.Count > 0:
                    Run(rank, Take(node.Works));
                    break;
                case 2 when node.Mail.Count > 0:
                    Hear(node, Take(node.Mail));
                    break;
                case 3 when _wire.Count > 0:
                    Deliver(Take(_wire));
                    break;
                case 4 when _committed > node.Iteration && node.Reduction.IsQuiet:
                    Check(rank);
                    node.Iteration++;
                    node.Reduction.Begin(_actions);
                    Begin(node);
                    break;
                default:
                    return false;
            }

            for (int i = 0; i < _actions.Count; i++)
            {
                NodeAction action = _actions[i];
                if (action.Kind == NodeActionKind.Complete)
                    node.Told = true;
                else if (action.Kind == NodeActionKind.ForwardSum)
                    Forward(rank, action);
                else
                    node.Works.Add(action);
            }

            _actions.Clear();
            // All hold the sum: from now on each may hear of it.
            if (_nodes.All(other => other.Told && other.Iteration == _committed))
                _committed++;
            return true;
        }

        private T Take<T>(List<T> list)
        {
            int taken = _random.Next(list.Count);
            T item = list[taken];
            list.RemoveAt(taken);
            return item;
        }

        private void Hear(Node node, object message)
        {
            if (message is BlockArrived arrived)
                node.Reduction.Arrived(arrived.Peer, arrived.Stream, arrived.Unit, _actions);
            else if (message is BlockSent sent)
                node.Reduction.Sent(sent.Stream, sent.Unit, _actions);
        }

        private void Run(int rank, NodeAction action)
        {
            Node node = _nodes[rank];
            NodeRoute route = node.Reduction.Routes[action.Unit];
            node.Reduction.Ran(action, _actions);
            nint own = (nint)(ulong*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref node.Own[action.Unit]);
            if (action.Kind == NodeActionKind.Add)
                node.Own[action.Unit] = Sum(node.Own[action.Unit], Came(node, action, BlockStream.Partial));
            else if (action.Kind == NodeActionKind.Take)
                node.Own[action.Unit] = Came(node, action, BlockStream.Sum);
            else if (action.Kind == NodeActionKind.SendPartial)
                Send(rank, route.Up, new BlockId(BlockStream.Partial, node.Iteration, action.Unit), own);
            else
                SendDown(rank, route, new BlockId(BlockStream.Sum, node.Iteration, action.Unit), own);
        }

        private void Forward(int rank, NodeAction action)
        {
            Node node = _nodes[rank];
            node.Reduction.Ran(action, _actions);
            int iteration = node.Inbox.IterationOf(action.Peer, BlockStream.Sum, action.Unit);
            SendDown(rank, node.Reduction.Routes[action.Unit], new BlockId(BlockStream.Sum, iteration, action.Unit),
                node.Inbox.Memory(action.Peer, BlockStream.Sum, action.Unit));
        }

        private void SendDown(int rank, NodeRoute route, BlockId block, nint at)
        {
            foreach (int peer in route.Down)
                Send(rank, peer, block, at);
        }

        private void Send(int rank, int peer, BlockId block, nint at)
        {
            _nodes[rank].Inbox.Sends(peer, block);
            _wire.Add((rank, peer, block, *(ulong*)at, at));
        }

        private void Deliver((int From, int To, BlockId Block, ulong Value, nint At) sent)
        {
            // Nothing has changed what is on its way.
            Assert.Equal(sent.Value, *(ulong*)sent.At);
            NodeInbox inbox = _nodes[sent.To].Inbox;
            nint target = inbox.BufferFor(sent.From, sent.Block, 8);
            Assert.NotEqual(0, target);
            if (_random.Next(4) == 0)
                *(ulong*)target = 77;
            *(ulong*)target = sent.Value;
            inbox.Received(sent.From, sent.Block);
            if (_random.Next(4) == 0)
            {
                Assert.Equal(0, inbox.BufferFor(sent.From, sent.Block, 8));
                inbox.Received(sent.From, sent.Block);
            }

            _nodes[sent.From].Inbox.Sent(sent.To, sent.Block);
            if (_random.Next(4) == 0)
                _nodes[sent.From].Inbox.Sent(sent.To, sent.Block);
        }

        private static ulong Came(Node node, NodeAction action, BlockStream stream) =>
            *(ulong*)node.Inbox.Memory(action.Peer, stream, action.Unit);

        private void Check(int rank)
        {
            Node node = _nodes[rank];
            for (int unit = 0; unit < node.Own.Length; unit++)
                Assert.Equal(Expected(unit, node.Iteration), node.Own[unit]);
        }

        private ulong Expected(int unit, int iteration)
        {
            if (unit == _units)
                return Own(0, unit, iteration);
            int nodes = _nodes.Length;
            if (_ring)
            {
                int first = unit % nodes;
                ulong sum = Own(first, unit, iteration);
                for (int step = 1; step < nodes; step++)
                    sum = Sum(Own((first + step) % nodes, unit, iteration), sum);
                return sum;
            }

            ulong[] sums = [.. Enumerable.Range(0, nodes).Select(rank => Own(rank, unit, iteration))];
            foreach (ReductionPair pair in _deal.Pairs)
                sums[pair.Parent] = Sum(sums[pair.Parent], sums[pair.Child]);
            return sums[0];
        }
    }
}
