using Akka.Actor;
using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Tests.Training;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Cluster.Reduction;

/// <summary>Several nodes train as one process does.</summary>
public sealed class NodeReducerTests : IDisposable
{
    private const int Iterations = 20;

    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    // Shuffled data, crops, mirrors and dropout are the fixture's.
    private RunPlan Plan(
        bool reproducible, string solver = "", bool batchNorm = true, ReductionKind reduction = ReductionKind.Tree)
    {
        _fixture.WriteSolver(solver);
        if (batchNorm)
        {
            File.AppendAllText(_fixture.At("net.prototxt"), """
                layer { name: "side_bn" type: "BatchNorm" bottom: "pool" top: "side_bn" }
                layer { name: "side" type: "InnerProduct" bottom: "side_bn" top: "side" inner_product_param {
                  num_output: 4 weight_filler { type: "xavier" } } }
                layer { name: "loss2" type: "SoftmaxWithLoss" bottom: "side" bottom: "label" top: "loss2" }
                """);
        }

        return _fixture.Plan() with
        {
            Threads = 1,
            Parallel = new ParallelSettings
            {
                Devices = NodeGroups.DeviceIds(1),
                BucketSize = 500,
                Scaling = BatchScaling.Strong,
                Reproducible = reproducible,
                Grain = 2,
                Reduction = reduction,
            },
        };
    }

    private static float Furthest(float[][] a, float[][] b) => a.Zip(b).Max(pair =>
        pair.First.Zip(pair.Second).Max(values => MathF.Abs(values.First - values.Second)));

    [Theory]
    [InlineData("", 1)]
    [InlineData("", 2, 2)]
    [InlineData("", 1, 1, 1)]
    [InlineData("iter_size: 2", 1, 2)]
    [InlineData("iter_size: 2 clip_gradients: 0.2", 1, 1, 2, 1)]
    public async Task Reproducible_GivesTheBitsOfOneProcess(string solver, params int[] devices)
    {
        RunPlan plan = Plan(reproducible: true, solver);
        (float[] losses, string weights, _) = await NodeGroups.OneAsync(plan, Iterations);
        await using var nodes = new NodeGroups(plan, devices);
        Assert.Equal(losses, await nodes.TrainAsync(Iterations));
        Assert.All(nodes.Groups, group => Assert.Equal(weights, NodeGroups.Weights(group)));
        Assert.True(devices.Length < 3 || nodes.Hub.Overtakings > 0, "no block overtook another");
    }

    [Fact]
    public async Task ASumThatIsCommitted_IsTaken_ThoughItsReceiverEnded()
    {
        RunPlan plan = Plan(reproducible: true);
        (float[] losses, string weights, _) = await NodeGroups.OneAsync(plan, 1);
        await using var nodes = new NodeGroups(plan, [1, 1]);
        nodes.Hub.WithholdsReceipt = static (_, block) => block.Stream == BlockStream.Sum;
        Task<float[]> trains = nodes.TrainAsync(1);
        while (nodes.Groups[1].CommittedLoss == 0)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        (await nodes.Groups[0].Exchange!.Seat.Watch.Reducer).Tell(LinksClosed.Instance);
        Assert.Equal(losses, await trains);
        Assert.All(nodes.Groups, group => Assert.Equal(weights, NodeGroups.Weights(group)));
    }

    [Fact]
    public async Task ShuffledMessages_GiveTheSameBits()
    {
        RunPlan plan = Plan(reproducible: true);
        (float[] losses, string weights, _) = await NodeGroups.OneAsync(plan, 6);
        for (int seed = 0; seed < 6; seed++)
        {
            await using var nodes = new NodeGroups(plan, [1, 2, 1], seed, more: string.Concat(
                Enumerable.Range(0, 2).Select(rank => $$"""
                    caffeactors.dispatchers.replica-{{rank}} {
                      mailbox-type = "{{typeof(ShuffledMailbox).AssemblyQualifiedName}}"
                      seed = {{seed + (100 * rank)}}
                    }

                    """)));
            Assert.Equal(losses, await nodes.TrainAsync(6));
            Assert.All(nodes.Groups, group => Assert.Equal(weights, NodeGroups.Weights(group)));
        }
    }

    [Theory]
    [InlineData(ReductionKind.Tree, 1, 1)]
    [InlineData(ReductionKind.Tree, 1, 1, 1)]
    [InlineData(ReductionKind.Tree, 2, 1, 1, 3)]
    [InlineData(ReductionKind.Ring, 1, 1)]
    [InlineData(ReductionKind.Ring, 1, 2, 1)]
    [InlineData(ReductionKind.Ring, 2, 2, 1, 1)]
    public async Task EvenShares_GiveOneProcessButForRounding(ReductionKind reduction, params int[] devices)
    {
        // Without dropout and BatchNorm a batch's gradient is the mean over its records, however they are dealt.
        string net = File.ReadAllText(_fixture.At("net.prototxt"));
        File.WriteAllText(_fixture.At("net.prototxt"), net.Replace(
            """layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" }""", "", StringComparison.Ordinal));
        RunPlan plan = Plan(reproducible: false, "iter_size: 2", batchNorm: false, reduction);
        (float[] losses, _, float[][] weights) = await NodeGroups.OneAsync(plan, 10);
        await using var nodes = new NodeGroups(plan, devices);
        float[] found = await nodes.TrainAsync(10);
        Assert.All(nodes.Groups, group =>
        {
            Assert.Equal(NodeGroups.Weights(nodes.Groups[0]), NodeGroups.Weights(group));
            Assert.InRange(Furthest(weights, NodeGroups.Values(group)), 0, 1e-5f);
        });
        Assert.All(losses.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Theory]
    [InlineData(ReductionKind.Tree)]
    [InlineData(ReductionKind.Ring)]
    public async Task Statistics_AreRankZerosEverywhere(ReductionKind reduction)
    {
        await using var nodes = new NodeGroups(Plan(reproducible: false, reduction: reduction), [1, 2, 1]);
        float[][] before = NodeGroups.Values(nodes.Groups[0]);
        await nodes.TrainAsync(5);
        Assert.All(nodes.Groups, group =>
            Assert.Equal(NodeGroups.Weights(nodes.Groups[0]), NodeGroups.Weights(group)));
        Assert.All(before.Zip(NodeGroups.Values(nodes.Groups[0])), pair => Assert.NotEqual(pair.First, pair.Second));
    }

    [Theory]
    [InlineData(ReductionKind.Tree)]
    [InlineData(ReductionKind.Ring)]
    public async Task SixteenBits_HalveTheBytesAndKeepTheCourse(ReductionKind reduction)
    {
        RunPlan plan = Plan(reproducible: false, batchNorm: false, reduction: reduction);
        await using var exact = new NodeGroups(plan, [1, 1, 1]);
        await using var rounded = new NodeGroups(plan, [1, 1, 1], compresses: true);
        float[] losses = await exact.TrainAsync(12), found = await rounded.TrainAsync(12);
        Assert.All(rounded.Groups, group =>
            Assert.Equal(NodeGroups.Weights(rounded.Groups[0]), NodeGroups.Weights(group)));
        float error = Furthest(NodeGroups.Values(exact.Groups[0]), NodeGroups.Values(rounded.Groups[0]));
        // Later on a ReLU or a maximum that switches makes more of any rounding.
        Assert.InRange(error, float.Epsilon, 1e-3f);
        Assert.All(losses.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        await exact.StopAsync();
        await rounded.StopAsync();
        foreach ((BlockStream stream, long bytes) in exact.Hub.Bytes)
            Assert.Equal(bytes, rounded.Hub.Bytes[stream] * 2);
    }

    [Theory]
    [InlineData(ReductionKind.Tree)]
    [InlineData(ReductionKind.Ring)]
    public async Task BrokenSockets_ChangeNothing(ReductionKind reduction)
    {
        RunPlan plan = Plan(reproducible: false, reduction: reduction);
        await using var whole = new NodeGroups(plan, [1, 1, 1]);
        float[] losses = await whole.TrainAsync(12);
        await using var cut = new NodeGroups(plan, [1, 1, 1], sockets: true);
        List<float> found = [.. await cut.TrainAsync(3)];
        foreach (TcpProxy proxy in cut.Proxies)
            proxy.Cut();
        found.AddRange(await cut.TrainAsync(3, 3));
        foreach (TcpProxy proxy in cut.Proxies)
            proxy.CutAfter(3000, ProxyDirection.Both);
        found.AddRange(await cut.TrainAsync(3, 6));
        foreach (TcpProxy proxy in cut.Proxies)
            proxy.CorruptAfter(2000, ProxyDirection.Both);
        found.AddRange(await cut.TrainAsync(3, 9));
        Assert.Equal(losses, found);
        Assert.All(cut.Groups, group =>
            Assert.Equal(NodeGroups.Weights(whole.Groups[0]), NodeGroups.Weights(group)));
        // The first node takes connections from all its neighbours, again after each break.
        Assert.True(cut.Proxies[0].Connections >= 4, $"{cut.Proxies[0].Connections} connections");
    }

    // On the devices of CAFFEACTORS_TEST_DEVICE, where there is one.
    [Theory]
    [InlineData(ReductionKind.Tree, false)]
    [InlineData(ReductionKind.Ring, true)]
    public async Task Accelerators_TrainAsOneCpu(ReductionKind reduction, bool compresses)
    {
        RunPlan plan = Plan(reproducible: false, batchNorm: false, reduction: reduction);
        plan.Nets.Train.Layer.Remove(plan.Nets.Train.Layer.Single(layer => layer.Type == "Dropout"));
        (float[] losses, _, float[][] weights) = await NodeGroups.OneAsync(plan, 8);
        await using var nodes = new NodeGroups(plan, [1, 1], compresses: compresses,
            kind: TestDevices.Gpu is null ? DeviceId.Cpu : DeviceId.Gpu);
        float[] found = await nodes.TrainAsync(8);
        Assert.All(losses.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        Assert.InRange(Furthest(weights, NodeGroups.Values(nodes.Groups[0])), 0, 1e-3f);
        await nodes.StopAsync();
        Assert.All(nodes.Groups, group =>
            Assert.Equal(NodeGroups.Weights(nodes.Groups[0]), NodeGroups.Weights(group)));
    }

    [Fact]
    public async Task IterationThatIsGivenUp_LeavesTheLastCommit()
    {
        await using var nodes = new NodeGroups(Plan(reproducible: true), [1, 2]);
        await nodes.TrainAsync(3);
        string committed = NodeGroups.Weights(nodes.Groups[0]);
        ulong hash = StateBlocks.Hash(StateBlocks.Of(nodes.Groups[0]));
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        nodes.Hub.Withholds = (_, block) =>
        {
            if (block.Stream == BlockStream.Sum)
                held.TrySetResult();
            return block.Stream == BlockStream.Sum;
        };
        nodes.Begin(3);
        await held.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await nodes.StopAsync();
        Assert.NotEqual(committed, NodeGroups.Weights(nodes.Groups[0]));
        Assert.All(nodes.Groups, group =>
        {
            Assert.Equal(hash, StateBlocks.Hash(StateBlocks.Committed(group)));
            group.RestoreCommitted();
            Assert.Equal(committed, NodeGroups.Weights(group));
        });
    }

    [Fact]
    public async Task NetThatReadsNothing_TrainsTheSameOnNodesAsOnDevices()
    {
        File.WriteAllText(_fixture.At("net.prototxt"), """
            name: "noise"
            layer { name: "data" type: "DummyData" top: "x" top: "t" dummy_data_param {
              shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 } data_filler { type: "gaussian" std: 1 } } }
            layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip"
              inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
            layer { name: "drop" type: "Dropout" bottom: "ip" top: "ip" }
            layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "t" top: "loss" }
            """);
        File.WriteAllText(_fixture.At("solver.prototxt"), $"""
            net: "{_fixture.At("net.prototxt")}" base_lr: 0.01 lr_policy: "fixed" max_iter: 40 momentum: 0.9
            """);
        RunPlan plan = _fixture.Plan() with { Threads = 1 };
        await using var one = new NodeGroups(plan, [2]);
        await using var two = new NodeGroups(plan, [1, 1]);
        Assert.Equal(await one.TrainAsync(8), await two.TrainAsync(8));
        Assert.Equal(NodeGroups.Weights(one.Groups[0]), NodeGroups.Weights(two.Groups[1]));
    }

    [Fact]
    public void WhatNodesCannotShare_IsRefused()
    {
        RunPlan plan = Plan(reproducible: true);
        ParallelSettings parallel = plan.Parallel;
        Refuses(plan, parallel with { Reproducible = false, MicroBatches = 2 }, "parallel.micro-batches = 2");
        Refuses(plan, parallel with
        {
            Reproducible = false,
            Placement = [new PlacementRule("*", NodeGroups.DeviceIds(1)[0])],
        }, "leave placement out");
        Refuses(plan, parallel with { Reduction = ReductionKind.Ring }, "parallel.reduction = tree");
        Refuses(plan, parallel, "cluster.compression", compresses: true);
        Refuses(plan, parallel with { Grain = 3 }, "a multiple of the 3 .*not 8 images; 6 or 9");

        plan.Nets.Train.Layer.Add(plan.Nets.Train.Layer[0].Clone());
        plan.Nets.Train.Layer[^1].DataParam.BatchSize = 4;
        plan.Nets.Train.Layer[^1].Name = "other";
        Refuses(plan, parallel, "layer 'other': batch_size is 4, that of layer 'data' is 8");
    }

    [Fact]
    public void LayerThatCarriesItsState_IsRefused()
    {
        File.WriteAllText(_fixture.At("net.prototxt"), """
            name: "recurrent"
            layer { name: "data" type: "DummyData" top: "x" top: "marks" top: "t" dummy_data_param {
              shape { dim: 4 dim: 2 dim: 3 } shape { dim: 4 dim: 2 } shape { dim: 4 dim: 2 dim: 2 } } }
            layer { name: "rnn" type: "RNN" bottom: "x" bottom: "marks" top: "h"
              recurrent_param { num_output: 2 weight_filler { type: "xavier" } } }
            layer { name: "loss" type: "EuclideanLoss" bottom: "h" bottom: "t" top: "loss" }
            """);
        File.WriteAllText(_fixture.At("solver.prototxt"),
            $"net: '{_fixture.At("net.prototxt")}' base_lr: 0.1 lr_policy: 'fixed' max_iter: 2");
        RunPlan plan = _fixture.Plan();
        Refuses(plan, plan.Parallel, "layer 'rnn' carries its state .*several nodes");
    }

    private static void Refuses(RunPlan plan, ParallelSettings parallel, string expected, bool compresses = false)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() =>
        {
            RunPlan changed = plan with { Parallel = parallel with { Devices = NodeGroups.DeviceIds(1) } };
            long batch = ReplicaGroupBuilder.BatchRecords(changed);
            NodeGroups.Build(changed, new NodeSeat(1, 0, ReplicaGroupBuilder.Deal(changed, batch, [1])!)
            {
                OpenLinks = static (_, _) => throw new InvalidOperationException(),
                Node = ActorRefs.Nobody,
                Compresses = compresses,
            }, batch);
        });
        Assert.Equal((ErrorCodes.BadSetting, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Matches(expected, failure.Message);
    }
}
