using Akka.Actor;
using Akka.Configuration;
using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Reduction;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Tests.Cluster.Reduction;

/// <summary>A steady iteration of a node allocates the messages of a replica and one more.</summary>
public sealed class NodeAllocationTests
{
    private const int Iterations = 500;

    private const string NetText = """
        name: "small" state { phase: TRAIN }
        layer { name: "in" type: "DummyData" top: "x" top: "t" dummy_data_param {
          shape { dim: 6 dim: 2 dim: 7 dim: 7 } shape { dim: 6 }
          data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 1 } } }
        layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
          convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "xavier" } } }
        layer { name: "bn" type: "BatchNorm" bottom: "c" top: "bn" }
        layer { name: "ip" type: "InnerProduct" bottom: "bn" top: "ip" inner_product_param { num_output: 3 } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
        """;

    private static ReplicaGroup Build(NodeSeat seat, ReductionKind reduction)
    {
        var device = new CpuDevice(1);
        Net net = NetBuilder.Build(TextFormat.Parse<NetParameter>(NetText),
            new NetOptions(new LayerContext(device, seed: 5), LayerCatalog.Compute));
        var solver = new SolverParameter { BaseLr = 0.01f, LrPolicy = "fixed" };
        var group = new ReplicaGroup([new Replica(device, net, Passes: 1)],
            new Optimizer(solver, net.LearnableParams, device), bucketSize: 100)
        { Reduction = reduction };
        group.Join(seat);
        return group;
    }

    [Theory]
    [InlineData(ReductionKind.Tree, false)]
    [InlineData(ReductionKind.Ring, false)]
    [InlineData(ReductionKind.Tree, true)]
    public async Task SteadyIteration_AllocatesNextToNothing(ReductionKind reduction, bool compresses)
    {
        BatchDeal deal = BatchDeal.Alike([1, 1]);
        ActorSystem[] systems = [.. Enumerable.Range(0, 2).Select(rank => ActorSystem.Create(
            $"allocation-test-{rank}", ConfigurationFactory.ParseString(Dispatchers.Configuration(1))))];
        IActorRef committer = systems[0].ActorOf(
            Props.Create(() => new CommitterActor()).WithDispatcher(Dispatchers.Files));
        var links = new DirectLinks();
        ReplicaGroup[] groups =
        [
            .. Enumerable.Range(0, 2).Select(rank => Build(new NodeSeat(1, rank, deal)
            {
                OpenLinks = (_, listener) => links.Open(rank, listener),
                Node = committer,
                Compresses = compresses,
            }, reduction)),
        ];
        IActorRef[] drivers = [.. groups.Select((group, rank) => systems[rank].ActorOf(
            Props.Create(() => new Driver(group)).WithDispatcher(Dispatchers.Replica(0))))];
        foreach (ReplicaGroup group in groups)
            await group.Seat!.Watch.Reducer;
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        await Task.WhenAll(drivers.Select(driver => driver.Ask<long>(Iterations, cancelled)));
        long[] bytes = await Task.WhenAll(drivers.Select(driver => driver.Ask<long>(Iterations, cancelled)));
        Assert.All(bytes, allocated => Assert.InRange(allocated / (double)Iterations, 0, 256));
        foreach (ActorSystem system in systems)
            await system.Terminate();
        foreach (ReplicaGroup group in groups)
            group.Dispose();
    }

    // Hands blocks on at once, on the sender's thread.
    private sealed class DirectLinks
    {
        private readonly IBlockListener[] _listeners = new IBlockListener[2];

        public IBlockLinks Open(int rank, IBlockListener listener)
        {
            _listeners[rank] = listener;
            return new Links(this, rank);
        }

        private sealed unsafe class Links(DirectLinks all, int rank) : IBlockLinks
        {
            public void Send(int peer, BlockId block, IReadOnlyList<BlockPart> parts)
            {
                long length = 0;
                for (int i = 0; i < parts.Count; i++)
                    length += parts[i].Length;
                byte* target = (byte*)all._listeners[peer].BufferFor(rank, block, length);
                for (int i = 0; i < parts.Count; i++)
                {
                    Buffer.MemoryCopy((void*)parts[i].Bytes, target, parts[i].Length, parts[i].Length);
                    target += parts[i].Length;
                }

                all._listeners[peer].Received(rank, block);
                all._listeners[rank].Sent(peer, block);
            }

            public void Dispose()
            {
            }
        }
    }

    private sealed class CommitterActor : UntypedActor
    {
        private IActorRef? _first;

        protected override void OnReceive(object message)
        {
            var reduced = (StepReduced)message;
            if (_first is null)
            {
                _first = Sender;
                return;
            }

            var committed = new StepCommitted(reduced.Iteration, reduced.Loss);
            _first.Tell(committed);
            Sender.Tell(committed);
            _first = null;
        }
    }

    // Lives on the node's thread, so that thread's count is that of the actors.
    private sealed class Driver : UntypedActor
    {
        private readonly IActorRef _replicas;
        private IActorRef _asker = ActorRefs.Nobody;
        private int _left;
        private int _done;
        private long _before;

        public Driver(ReplicaGroup group)
        {
            string dispatcher = Dispatchers.Replica(0);
            IActorRef device = Context.ActorOf(DeviceActor.Props().WithDispatcher(dispatcher));
            _replicas = Context.ActorOf(ReplicaGroupActor.Props(group, device).WithDispatcher(dispatcher));
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case int iterations:
                    (_asker, _left) = (Sender, iterations);
                    _before = GC.GetAllocatedBytesForCurrentThread();
                    _replicas.Tell(new Step(_done));
                    break;
                case StepDone when --_left > 0:
                    _replicas.Tell(new Step(++_done));
                    break;
                case StepDone:
                    _done++;
                    _asker.Tell(GC.GetAllocatedBytesForCurrentThread() - _before);
                    break;
            }
        }
    }
}
