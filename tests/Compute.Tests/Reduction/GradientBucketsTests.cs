using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Reduction;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Reduction;

public sealed class GradientBucketsTests : IDisposable
{
    private readonly CpuDevice _device = new(1);

    public void Dispose() => _device.Dispose();

    // Parameters: a/0, a/1 (frozen), b: "shared", c/0, d: "shared" too, e/0. Ten floats each but for the biases.
    private Net Build() => NetBuilder.Build(TextFormat.Parse<NetParameter>("""
        state { phase: TRAIN }
        layer { name: "in" type: "DummyData" top: "x" top: "t"
          dummy_data_param { shape { dim: 2 dim: 10 } shape { dim: 2 dim: 10 } } }
        layer { name: "a" type: "Scale" bottom: "x" top: "a" scale_param { bias_term: true }
          param { lr_mult: 0 } param { lr_mult: 0 } }
        layer { name: "b" type: "Scale" bottom: "a" top: "b" param { name: "shared" } }
        layer { name: "c" type: "Scale" bottom: "b" top: "c" }
        layer { name: "d" type: "Scale" bottom: "c" top: "d" param { name: "shared" } }
        layer { name: "e" type: "Scale" bottom: "d" top: "e" }
        layer { name: "loss" type: "EuclideanLoss" bottom: "e" bottom: "t" top: "loss" }
        """), new NetOptions(new LayerContext(_device, seed: 1), LayerCatalog.Compute));

    private static string[] Named(Net net, GradientBucket bucket) =>
        [.. bucket.Params.Select(id => net.LearnableParams[id].Name)];

    private static int Rank(Net net, string layer) => net.FindLayer(layer)!.Rank;

    [Fact]
    public void SmallBuckets_HoldOneParameterEachInTheOrderOfCompletion()
    {
        using Net net = Build();
        IReadOnlyList<GradientBucket> buckets = GradientBuckets.Of(net, 1);
        // The shared one is complete when layer b has run, the frozen ones are in the last bucket.
        Assert.Equal(
            [["e/0"], ["c/0"], ["b/shared", "a/0", "a/1"]], buckets.Select(bucket => Named(net, bucket)));
        Assert.Equal([Rank(net, "e")], buckets[0].Layers);
        Assert.Equal([Rank(net, "b"), Rank(net, "d")], buckets[2].Layers);
    }

    [Theory]
    [InlineData(40, 3)]
    [InlineData(41, 2)]
    [InlineData(80, 2)]
    [InlineData(81, 1)]
    [InlineData(long.MaxValue, 1)]
    public void Buckets_AreFullWhenTheirBytesAreReached(long bytes, int expected)
    {
        using Net net = Build();
        IReadOnlyList<GradientBucket> buckets = GradientBuckets.Of(net, bytes);
        Assert.Equal(expected, buckets.Count);
        Assert.Equal(
            Enumerable.Range(0, net.LearnableParams.Count), buckets.SelectMany(bucket => bucket.Params).Order());
    }

    [Fact]
    public void NetThatLearnsNothing_HasOneBucketThatWaitsForNobody()
    {
        using Net net = NetBuilder.Build(TextFormat.Parse<NetParameter>("""
            layer { name: "in" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 } } }
            """), new NetOptions(new LayerContext(_device, seed: 1), LayerCatalog.Compute));
        GradientBucket bucket = Assert.Single(GradientBuckets.Of(net, 1));
        Assert.Empty(bucket.Params);
        Assert.Empty(bucket.Layers);
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientBuckets.Of(net, 0));
    }
}
