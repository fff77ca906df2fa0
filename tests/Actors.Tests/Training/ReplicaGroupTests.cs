using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
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

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Several replicas give the bits of a plain loop over them, in whatever order their messages come.</summary>
public sealed class ReplicaGroupTests
{
    private const int Iterations = 6;
    private const int IterSize = 2;

    // A shared parameter in two branches, a frozen layer, dropout, two losses; each replica has data of its own.
    private const string Net = """
        name: "branches" state { phase: TRAIN }
        layer { name: "in" type: "DummyData" top: "x" top: "t" dummy_data_param {
          shape { dim: 4 dim: 2 dim: 5 dim: 5 } shape { dim: 4 } data_filler { type: "gaussian" std: 1 } data_filler
            { type: "constant" value: 1 } } }
        layer { name: "first" type: "Convolution" bottom: "x" top: "first" param { lr_mult: 0 } param { lr_mult: 0 }
          convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } }
        layer { name: "a" type: "Convolution" bottom: "first" top: "a" param { name: "w" } param { name: "b" }
          convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
        layer { name: "ra" type: "ReLU" bottom: "a" top: "a" }
        layer { name: "c" type: "Convolution" bottom: "a" top: "c" param { name: "w" } param { name: "b" }
          convolution_param { num_output: 2 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
        layer { name: "bn" type: "BatchNorm" bottom: "c" top: "bn" }
        layer { name: "all" type: "Concat" bottom: "bn" bottom: "a" top: "all" }
        layer { name: "drop" type: "Dropout" bottom: "all" top: "all" }
        layer { name: "ip" type: "InnerProduct" bottom: "all" top: "ip"
          inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
        layer { name: "side" type: "InnerProduct" bottom: "c" top: "side"
          inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
        layer { name: "loss2" type: "SoftmaxWithLoss" bottom: "side" bottom: "t" top: "loss2" loss_weight: 0.3 }
        """;

    private static ReplicaGroup Build(
        int count, string more = "", bool keepsUpdates = false, ReductionKind reduction = ReductionKind.Tree)
    {
        SolverParameter solver = TextFormat.Parse<SolverParameter>(
            $"base_lr: 0.1 lr_policy: 'fixed' momentum: 0.9 weight_decay: 0.01 iter_size: {IterSize} {more}");
        Replica[] replicas =
        [
            .. Enumerable.Range(0, count).Select(rank =>
            {
                var device = new CpuDevice(1);
                return new Replica(device, NetBuilder.Build(TextFormat.Parse<NetParameter>(Net), new NetOptions(
                    new LayerContext(device, seed: 5) { SolverRank = rank, SolverCount = count },
                    LayerCatalog.Compute)), IterSize);
            }),
        ];
        var group = new ReplicaGroup(
            replicas, new Optimizer(solver, replicas[0].Net.LearnableParams, replicas[0].Device), bucketSize: 100)
        {
            KeepsUpdates = keepsUpdates,
            Reduction = reduction,
        };
        group.ShareWeights();
        return group;
    }

    private static (float[] Losses, string Weights) Plain(
        int count, string more = "", ReductionKind reduction = ReductionKind.Tree)
    {
        using ReplicaGroup group = Build(count, more);
        var losses = new float[Iterations];
        for (int i = 0; i < Iterations; i++)
        {
            foreach (Replica replica in group.Replicas)
            {
                for (int pass = 0; pass < IterSize; pass++)
                {
                    float loss = replica.Net.Forward();
                    losses[i] += replica == group.Root ? loss : 0;
                    replica.Net.Backward();
                }
            }

            losses[i] /= IterSize;
            if (reduction == ReductionKind.Ring)
                AddRound(group);
            foreach (ReductionPair pair in group.Plan.Pairs.Where(_ => reduction == ReductionKind.Tree))
                Add(group.Replicas[pair.Parent].Net, group.Replicas[pair.Child].Net);
            group.Optimizer.ApplyUpdate(i, 1f / count, clearGradients: true);
            foreach (Replica replica in group.Replicas.Skip(1))
                Take(replica.Net, group.Root.Net);
        }

        return (losses, Weights(group));
    }

    private static void Add(Net target, Net source)
    {
        for (int id = 0; id < target.LearnableParams.Count; id++)
        {
            Span<float> sum = target.LearnableParams[id].Blob.MutableDiff;
            ReadOnlySpan<float> other = source.LearnableParams[id].Blob.Diff;
            for (int i = 0; i < sum.Length; i++)
                sum[i] += other[i];
        }
    }

    // Part c of each bucket begins at rank c.
    private static void AddRound(ReplicaGroup group)
    {
        int count = group.Replicas.Count;
        foreach (GradientBucket bucket in group.Buckets)
        {
            int all = bucket.Params.Sum(id => group.Root.Net.LearnableParams[id].Blob.Count), at = 0;
            foreach (int id in bucket.Params)
            {
                float[][] diffs =
                    [.. group.Replicas.Select(replica => replica.Net.LearnableParams[id].Blob.Diff.ToArray())];
                Span<float> sum = group.Root.Net.LearnableParams[id].Blob.MutableDiff;
                for (int i = 0; i < sum.Length; i++, at++)
                {
                    int first = Enumerable.Range(0, count).Last(chunk => (long)all * chunk / count <= at);
                    sum[i] = diffs[first][i];
                    for (int rank = 1; rank < count; rank++)
                        sum[i] += diffs[(first + rank) % count][i];
                }
            }
        }
    }

    private static void Take(Net target, Net source)
    {
        for (int id = 0; id < target.LearnableParams.Count; id++)
        {
            source.LearnableParams[id].Blob.Data.CopyTo(target.LearnableParams[id].Blob.MutableData);
            target.LearnableParams[id].Blob.MutableDiff.Clear();
        }
    }

    private static string Weights(ReplicaGroup group) => string.Join('|', group.Root.Net.LearnableParams.Select(
        param => Convert.ToHexString(MemoryMarshal.AsBytes(param.Blob.Data))));

    private static async Task<(float[] Losses, string Weights)> ActorsAsync(ReplicaGroup group, string more = "")
    {
        Config config = ConfigurationFactory.ParseString(more)
            .WithFallback(ConfigurationFactory.ParseString(Dispatchers.Configuration(group.Replicas.Count)));
        using var system = ActorSystem.Create("group-test", config);
        IActorRef[] devices = [.. group.Replicas.Select((_, rank) =>
            system.ActorOf(DeviceActor.Props().WithDispatcher(Dispatchers.Replica(rank))))];
        IActorRef actor = system.ActorOf(
            ReplicaGroupActor.Props(group, devices).WithDispatcher(Dispatchers.Replica(0)), "replicas");
        var losses = new float[Iterations];
        for (int i = 0; i < Iterations; i++)
        {
            object answer = await actor.Ask<object>(
                new Step(i), TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            losses[i] = Assert.IsType<StepDone>(answer).Loss;
        }

        await system.Terminate();
        return (losses, Weights(group));
    }

    [Theory]
    [InlineData(1, "")]
    [InlineData(2, "")]
    [InlineData(3, "clip_gradients: 0.5")]
    [InlineData(4, "larc: true larc_eta: 0.02")]
    [InlineData(5, "larc: true larc_turbo: true larc_eta: 0.02")]
    [InlineData(8, "type: 'Adam' momentum2: 0.999")]
    public async Task Replicas_GiveTheBitsOfThePlainLoop(int count, string solver)
    {
        (float[] losses, string weights) = Plain(count, solver);
        using ReplicaGroup group = Build(count, solver);
        (float[] Losses, string Weights) actors = await ActorsAsync(group);
        Assert.Equal(losses, actors.Losses);
        Assert.Equal(weights, actors.Weights);
    }

    [Theory]
    [InlineData(2, "")]
    [InlineData(3, "clip_gradients: 0.5")]
    [InlineData(4, "")]
    public async Task Ring_GivesTheBitsOfThePlainLoop(int count, string solver)
    {
        (float[] losses, string weights) = Plain(count, solver, ReductionKind.Ring);
        using ReplicaGroup group = Build(count, solver, reduction: ReductionKind.Ring);
        (float[] Losses, string Weights) actors = await ActorsAsync(group);
        Assert.Equal(losses, actors.Losses);
        Assert.Equal(weights, actors.Weights);
    }

    [Theory]
    [InlineData(2, ReductionKind.Tree)]
    [InlineData(5, ReductionKind.Tree)]
    [InlineData(4, ReductionKind.Ring)]
    public async Task ShuffledMessages_GiveTheSameBits(int count, ReductionKind reduction)
    {
        (float[] losses, string weights) = Plain(count, reduction: reduction);
        int before = ShuffledMailbox.Overtakings;
        for (int seed = 0; seed < 20; seed++)
        {
            using ReplicaGroup group = Build(count, reduction: reduction);
            (float[] Losses, string Weights) shuffled = await ActorsAsync(group, string.Concat(
                Enumerable.Range(0, count).Select(rank => $$"""
                    caffeactors.dispatchers.replica-{{rank}} {
                      mailbox-type = "{{typeof(ShuffledMailbox).AssemblyQualifiedName}}"
                      seed = {{seed + (100 * rank)}}
                    }

                    """)));
            Assert.Equal(losses, shuffled.Losses);
            Assert.Equal(weights, shuffled.Weights);
        }

        Assert.True(ShuffledMailbox.Overtakings > before + 100, "the mailboxes shuffled next to nothing");
    }

    [Fact]
    public async Task KeptUpdates_AreTheRootsAlone()
    {
        (_, string weights) = Plain(3);
        using ReplicaGroup group = Build(3, keepsUpdates: true);
        Assert.Equal(weights, (await ActorsAsync(group)).Weights);
        Assert.Contains(group.Root.Net.LearnableParams, param => param.Blob.Diff.ContainsAnyExcept(0f));
    }
}
