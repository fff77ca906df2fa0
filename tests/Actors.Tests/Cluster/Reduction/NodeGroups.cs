using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Tests.Training;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Reduction;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Cluster.Reduction;

/// <summary>Nodes in one process, each with an actor system of its own, and who commits their iterations.</summary>
internal sealed class NodeGroups : IAsyncDisposable
{
    private readonly List<(ReplicaGroup Group, ActorSystem System, IActorRef Actor)> _nodes = [];
    private readonly ActorSystem _coordinator = ActorSystem.Create(
        "coordinator", ConfigurationFactory.ParseString(Dispatchers.Configuration(0)));
    private readonly NodeHub _hub;
    private readonly List<(DataPlane Plane, TcpProxy Proxy)> _sockets = [];

    /// <summary>Starts the nodes.</summary>
    /// <param name="plan">What they train.</param>
    /// <param name="devices">By rank, how many devices each has.</param>
    /// <param name="seed">Of the order in which blocks come.</param>
    /// <param name="compresses">Whether gradients go in 16 bits.</param>
    /// <param name="more">Settings of the nodes' actor systems.</param>
    /// <param name="kind">The kind of their devices.</param>
    /// <param name="sockets">Whether blocks go over the data plane's sockets; else through the hub.</param>
    public NodeGroups(
        RunPlan plan, int[] devices, int seed = 1, bool compresses = false, string more = "",
        string kind = DeviceId.Cpu, bool sockets = false)
    {
        _hub = new NodeHub(seed);
        long batch = ReplicaGroupBuilder.BatchRecords(plan with
        {
            Parallel = plan.Parallel with { Devices = DeviceIds(1) },
        });
        BatchDeal deal = ReplicaGroupBuilder.Deal(plan, batch, devices)!;
        Committer = _coordinator.ActorOf(Props.Create(() => new CommitterActor(deal)));
        for (int rank = 0; sockets && rank < devices.Length; rank++)
        {
            var plane = DataPlane.Listen(new DataPlaneOptions { Node = (ulong)rank + 1, Host = "127.0.0.1" });
            _sockets.Add((plane, TcpProxy.Start(plane.Port)));
        }

        PeerAddress[] addresses = [.. _sockets.Select((socket, node) =>
            new PeerAddress((ulong)node + 1, $"node-{node}", "127.0.0.1", socket.Proxy.Port))];
        for (int rank = 0; rank < devices.Length; rank++)
        {
            int node = rank;
            var seat = new NodeSeat(1, rank, deal)
            {
                OpenLinks = (neighbours, listener) => sockets
                    ? _sockets[node].Plane.Open(1, node, addresses, neighbours, listener)
                    : _hub.Open(node, neighbours, listener),
                Node = Committer,
                Compresses = compresses,
            };
            ReplicaGroup group = Build(
                plan with { Parallel = plan.Parallel with { Devices = DeviceIds(devices[rank], kind) } }, seat,
                batch);
            var system = ActorSystem.Create($"node-{rank}", ConfigurationFactory.ParseString(more)
                .WithFallback(ConfigurationFactory.ParseString(Dispatchers.Configuration(group.Replicas.Count))));
            _nodes.Add((group, system, Start(system, group)));
        }
    }

    /// <summary>Who commits.</summary>
    public IActorRef Committer { get; }

    /// <summary>The links.</summary>
    public NodeHub Hub => _hub;

    /// <summary>By rank, what stands before a node's socket.</summary>
    public IReadOnlyList<TcpProxy> Proxies => [.. _sockets.Select(socket => socket.Proxy)];

    /// <summary>By rank, the groups.</summary>
    public IReadOnlyList<ReplicaGroup> Groups => [.. _nodes.Select(node => node.Group)];

    /// <summary>Some devices.</summary>
    public static DeviceId[] DeviceIds(int count, string kind = DeviceId.Cpu) =>
        [.. Enumerable.Range(0, count).Select(i => new DeviceId(kind, i))];

    /// <summary>Replicas of a plan.</summary>
    public static ReplicaGroup Build(RunPlan plan, NodeSeat? seat = null, long batch = 0)
    {
        ReplicaGroup group = ReplicaGroupBuilder.Build(
            plan, TrainingFixture.Catalog, 7, new RunLog(TextWriter.Null), seat, batch);
        group.ShareWeights();
        return group;
    }

    /// <summary>Their actor.</summary>
    public static IActorRef Start(ActorSystem system, ReplicaGroup group)
    {
        IActorRef[] devices = [.. group.Replicas.Select((replica, rank) =>
            system.ActorOf(DeviceActor.Props(replica.Gpu).WithDispatcher(Dispatchers.Replica(rank))))];
        return system.ActorOf(
            ReplicaGroupActor.Props(group, devices).WithDispatcher(Dispatchers.Replica(0)), "replicas");
    }

    /// <summary>The root's parameters and, where there are, statistics.</summary>
    public static string Weights(ReplicaGroup group) => string.Join('|', group.Root.Net.LearnableParams.Select(
        param => Convert.ToHexString(MemoryMarshal.AsBytes(param.Blob.Data))));

    /// <summary>Trains one process.</summary>
    /// <returns>The losses, and the weights in the end.</returns>
    public static async Task<(float[] Losses, string Weights, float[][] Values)> OneAsync(RunPlan plan, int iterations)
    {
        using ReplicaGroup group = Build(plan);
        using var system = ActorSystem.Create("one", ConfigurationFactory.ParseString(
            Dispatchers.Configuration(group.Replicas.Count)));
        IActorRef actor = Start(system, group);
        var losses = new float[iterations];
        for (int i = 0; i < iterations; i++)
            losses[i] = (await StepAsync(actor, i)).Loss;
        await system.Terminate();
        return (losses, Weights(group), Values(group));
    }

    /// <summary>The root's parameters.</summary>
    public static float[][] Values(ReplicaGroup group) =>
        [.. group.Root.Net.LearnableParams.Select(param => param.Blob.Data.ToArray())];

    /// <summary>Trains all nodes.</summary>
    /// <returns>The losses that each told, which are equal.</returns>
    public async Task<float[]> TrainAsync(int iterations, int first = 0)
    {
        float[][] losses = await Task.WhenAll(_nodes.Select(async node =>
        {
            var told = new float[iterations];
            for (int i = 0; i < iterations; i++)
                told[i] = (await StepAsync(node.Actor, first + i)).Loss;
            return told;
        }));
        foreach (float[] other in losses)
            Assert.Equal(losses[0], other);
        return losses[0];
    }

    /// <summary>Begins an iteration that is not to end.</summary>
    public void Begin(int iteration)
    {
        foreach ((_, _, IActorRef actor) in _nodes)
            actor.Tell(new Step(iteration));
    }

    /// <summary>Ends the actors; the groups stay.</summary>
    public async Task StopAsync()
    {
        foreach ((_, ActorSystem system, _) in _nodes)
            await system.Terminate();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _coordinator.Terminate();
        await _hub.DisposeAsync();
        foreach ((DataPlane plane, TcpProxy proxy) in _sockets)
        {
            plane.Dispose();
            await proxy.DisposeAsync();
        }

        foreach ((ReplicaGroup group, _, _) in _nodes)
            group.Dispose();
        foreach ((_, ActorSystem system, _) in _nodes)
            system.Dispose();
        _coordinator.Dispose();
    }

    private static async Task<StepDone> StepAsync(IActorRef actor, int iteration)
    {
        object answer = await actor.Ask<object>(
            new Step(iteration), TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        return Assert.IsType<StepDone>(answer);
    }

    // Commits an iteration when all nodes have told; keeps what it heard of lost ones.
    private sealed class CommitterActor(BatchDeal deal) : UntypedActor
    {
        private readonly float[] _told = new float[deal.Shares.Count];
        private readonly List<IActorRef> _nodes = [];

        protected override void OnReceive(object message)
        {
            if (message is not StepReduced reduced)
                return;
            // The seats are told apart by the name of their system.
            int rank = int.Parse(Sender.Path.Address.System["node-".Length..],
                System.Globalization.CultureInfo.InvariantCulture);
            _told[rank] = reduced.Loss;
            _nodes.Add(Sender);
            if (_nodes.Count < _told.Length)
                return;
            float loss = deal.LossOf(_told);
            foreach (IActorRef node in _nodes)
            {
                node.Tell(new StepCommitted(reduced.Iteration - 1, float.NaN));
                node.Tell(new StepCommitted(reduced.Iteration, loss));
                node.Tell(new StepCommitted(reduced.Iteration, loss));
            }

            _nodes.Clear();
        }
    }
}
