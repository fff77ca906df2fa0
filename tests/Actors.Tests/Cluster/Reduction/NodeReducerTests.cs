using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Tests.Training;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;

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
}
