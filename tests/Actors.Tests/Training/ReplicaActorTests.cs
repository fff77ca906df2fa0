using Akka.Actor;
using Akka.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>The actors give the bits of the plain loop, in whatever order their messages come.</summary>
public sealed class ReplicaActorTests
{
    private const int Iterations = 5;
    private const int IterSize = 2;

    // Branches, splits, layers in place, a shared parameter in two branches, dropout, two losses.
    private const string Net = """
        name: "branches"
        state { phase: TRAIN }
        layer { name: "in" type: "DummyData" top: "x" top: "t" dummy_data_param {
          shape { dim: 6 dim: 2 dim: 7 dim: 7 } shape { dim: 6 } data_filler { type: "gaussian" std: 1 } data_filler
            { type: "constant" value: 1 } } }
        layer { name: "a" type: "Convolution" bottom: "x" top: "a" param { name: "w" } param { name: "b" }
          convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
        layer { name: "ra" type: "ReLU" bottom: "a" top: "a" }
        layer { name: "c" type: "Convolution" bottom: "x" top: "c" param { name: "w" } param { name: "b" }
          convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
        layer { name: "tc" type: "TanH" bottom: "c" top: "c" }
        layer { name: "d" type: "Convolution" bottom: "a" top: "d" param { name: "w" } param { name: "b" }
          convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
        layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "c" bottom: "d" top: "sum" }
        layer { name: "all" type: "Concat" bottom: "sum" bottom: "x" bottom: "c" top: "all" }
        layer { name: "drop" type: "Dropout" bottom: "all" top: "all" }
        layer { name: "ip" type: "InnerProduct" bottom: "all" top: "ip"
          inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
        layer { name: "side" type: "InnerProduct" bottom: "d" top: "side"
          inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
        layer { name: "loss2" type: "SoftmaxWithLoss" bottom: "side" bottom: "t" top: "loss2" loss_weight: 0.3 }
        """;

    // Without a plan of its memory each blob has its own.
    private static ReplicaGroup Build(string net = Net, Recompute? planned = null)
    {
        var device = new CpuDevice(2);
        Net built = NetBuilder.Build(
            TextFormat.Parse<NetParameter>(net),
            new NetOptions(new LayerContext(device, seed: 5), LayerCatalog.Compute)
            {
                Use = planned is { } recompute ? new NetUse(Backward: true) { Recompute = recompute } : null,
            });
        var solver = new SolverParameter
        {
            BaseLr = 0.1f,
            LrPolicy = "fixed",
            Momentum = 0.9f,
            WeightDecay = 0.01f,
            IterSize = IterSize,
            ClipGradients = 5,
        };
        return new ReplicaGroup(
            [new Replica(device, built, Passes: IterSize)], new Optimizer(solver, built.LearnableParams, device));
    }

    private static (float[] Losses, string Weights) Plain()
    {
        using ReplicaGroup group = Build();
        var losses = new float[Iterations];
        for (int i = 0; i < Iterations; i++)
        {
            for (int pass = 0; pass < IterSize; pass++)
            {
                losses[i] += group.Root.Net.Forward();
                group.Root.Net.Backward();
            }

            losses[i] /= IterSize;
            group.Optimizer.ApplyUpdate(i, clearGradients: true);
        }

        return (losses, Weights(group));
    }

    private static string Weights(ReplicaGroup group) => string.Join('|', group.Root.Net.LearnableParams.Select(param =>
        Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(param.Blob.Data))));

    private static async Task<(float[] Losses, string Weights)> ActorsAsync(string more, Recompute? planned = null)
    {
        using ReplicaGroup group = Build(Net, planned);
        Config config = ConfigurationFactory.ParseString(more)
            .WithFallback(ConfigurationFactory.ParseString(Dispatchers.Configuration(1)));
        using var system = ActorSystem.Create("replica-test", config);
        string dispatcher = Dispatchers.Replica(0);
        IActorRef device = system.ActorOf(DeviceActor.Props().WithDispatcher(dispatcher), "device");
        IActorRef actor = system.ActorOf(
            ReplicaGroupActor.Props(group, device).WithDispatcher(dispatcher), "replicas");
        var losses = new float[Iterations];
        for (int i = 0; i < Iterations; i++)
        {
            object answer = await actor.Ask<object>(
                new Step(i), TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            losses[i] = Assert.IsType<StepDone>(answer).Loss;
        }

        await system.Terminate();
        return (losses, Weights(group));
    }

    [Fact]
    public async Task Actors_GiveTheBitsOfThePlainLoop()
    {
        (float[] losses, string weights) = Plain();
        (float[] Losses, string Weights) actors = await ActorsAsync("");
        Assert.Equal(losses, actors.Losses);
        Assert.Equal(weights, actors.Weights);
    }

    [Fact]
    public async Task ShuffledMessages_GiveTheSameBits()
    {
        (float[] losses, string weights) = Plain();
        int before = ShuffledMailbox.Overtakings;
        for (int seed = 0; seed < 20; seed++)
        {
            (float[] Losses, string Weights) shuffled = await ActorsAsync($$"""
                caffeactors.dispatchers.replica-0 {
                  mailbox-type = "{{typeof(ShuffledMailbox).AssemblyQualifiedName}}"
                  seed = {{seed}}
                }
                """, seed % 3 == 0 ? null : seed % 3 == 1 ? Recompute.None : Recompute.Cheap);
            Assert.Equal(losses, shuffled.Losses);
            Assert.Equal(weights, shuffled.Weights);
        }

        Assert.True(ShuffledMailbox.Overtakings > before + 100, "the mailboxes shuffled next to nothing");
    }

    [Fact]
    public async Task FailingLayer_IsToldWithItsNameAndIteration()
    {
        // Labels of class 1 for scores of one class.
        const string OneClass = """
            name: "bad" state { phase: TRAIN }
            layer { name: "in" type: "DummyData" top: "x" top: "t" dummy_data_param {
              shape { dim: 3 dim: 4 } shape { dim: 3 } data_filler { type: "constant" value: 1 } data_filler { type:
                "constant" value: 1 } } }
            layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 1 } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
            """;
        using ReplicaGroup group = Build(OneClass);
        using var system = ActorSystem.Create(
            "replica-test", ConfigurationFactory.ParseString(Dispatchers.Configuration(1)));
        IActorRef device = system.ActorOf(DeviceActor.Props().WithDispatcher(Dispatchers.Replica(0)));
        IActorRef actor = system.ActorOf(
            ReplicaGroupActor.Props(group, device).WithDispatcher(Dispatchers.Replica(0)));
        Failed failed = Assert.IsType<Failed>(
            await actor.Ask<object>(new Step(3), TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(Compute.Diagnostics.ErrorCodes.LabelOutOfRange, failed.Failure.Code);
        Assert.Contains("'loss'", failed.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("iteration 3", failed.Failure.Message, StringComparison.Ordinal);
        await system.Terminate();
    }
}
