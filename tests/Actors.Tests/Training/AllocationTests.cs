using Akka.Actor;
using Akka.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>A steady iteration of the actors allocates three small messages and nothing else.</summary>
public sealed class AllocationTests
{
    private const int Iterations = 1000;

    private const string NetText = """
        name: "small" state { phase: TRAIN }
        layer { name: "in" type: "DummyData" top: "x" top: "t" dummy_data_param {
          shape { dim: 6 dim: 2 dim: 7 dim: 7 } shape { dim: 6 }
          data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 1 } } }
        layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
          convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "xavier" } } }
        layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
        layer { name: "ip1" type: "InnerProduct" bottom: "c" top: "ip1" inner_product_param { num_output: 3 } }
        layer { name: "ip2" type: "InnerProduct" bottom: "c" top: "ip2" inner_product_param { num_output: 3 } }
        layer { name: "sum" type: "Eltwise" bottom: "ip1" bottom: "ip2" top: "sum" }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "sum" bottom: "t" top: "loss" }
        """;

    [Fact]
    public async Task SteadyIteration_AllocatesNextToNothing()
    {
        var device = new CpuDevice(1);
        Net net = NetBuilder.Build(TextFormat.Parse<NetParameter>(NetText),
            new NetOptions(new LayerContext(device, seed: 5), LayerCatalog.Compute));
        var solver = new SolverParameter { BaseLr = 0.01f, LrPolicy = "fixed" };
        using var group = new ReplicaGroup(
            [new Replica(device, net, Passes: 1)], new Optimizer(solver, net.LearnableParams, device));
        using var system = ActorSystem.Create(
            "allocation-test", ConfigurationFactory.ParseString(Dispatchers.Configuration(1)));
        IActorRef driver = system.ActorOf(
            Props.Create(() => new Driver(group)).WithDispatcher(Dispatchers.Replica(0)));
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        await driver.Ask<long>(Iterations, cancelled);
        long bytes = await driver.Ask<long>(Iterations, cancelled);
        Assert.InRange(bytes / (double)Iterations, 0, 128);
        await system.Terminate();
    }

    // Lives on the replica's thread, so that thread's count is that of the actors.
    private sealed class Driver : UntypedActor
    {
        private readonly IActorRef _replicas;
        private IActorRef _asker = ActorRefs.Nobody;
        private int _left;
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
                    _replicas.Tell(new Step(0));
                    break;
                case StepDone when --_left > 0:
                    _replicas.Tell(new Step(0));
                    break;
                case StepDone:
                    _asker.Tell(GC.GetAllocatedBytesForCurrentThread() - _before);
                    break;
            }
        }
    }
}
