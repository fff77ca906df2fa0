using CaffeActors.Analysis.Scaling;
using CsCheck;

namespace CaffeActors.Analysis.Tests.Scaling;

public sealed class ClusterSimulatorTests
{
    private const double Bandwidth = 1e9, Latency = 1e-5;

    private static readonly NodeNetwork _network = new(Bandwidth, Latency);

    // Gradients that are there at once, and nothing else to do.
    private static NodePass Only(double bytes) => new(0, 0, [new PassBucket(0, bytes)]);

    [Fact]
    public void OneNode_HasNobodyToWaitFor()
    {
        var pass = new NodePass(3, 1, [new PassBucket(2, 1e6)]);
        foreach (SumWay way in Enum.GetValues<SumWay>())
            Assert.Equal(new SimulatedIteration(3, 0, 0, 1, 0), ClusterSimulator.Play(pass, _network, way, 1));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    [InlineData(64, 6)]
    [InlineData(1024, 10)]
    public void TreeOfOneBucket_TakesTwiceItsHeight(int nodes, int height) =>
        Assert.Equal(2 * height * (Latency + (1e6 / Bandwidth)),
            ClusterSimulator.Play(Only(1e6), _network, SumWay.Tree, nodes).Sum, 1e-9);

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(64)]
    public void RingOfOneBucket_TakesTwiceItsChunks(int nodes) =>
        Assert.Equal(2 * (nodes - 1) * (Latency + (1e6 / nodes / Bandwidth)),
            ClusterSimulator.Play(Only(1e6), _network, SumWay.Ring, nodes).Sum, 1e-9);

    [Fact]
    public void RingOfManyBuckets_FillsTheLink()
    {
        // The link never rests once the first chunk has come: the buckets follow each other.
        const int Nodes = 8, Buckets = 50;
        var pass = new NodePass(0, 0, [.. Enumerable.Repeat(new PassBucket(0, 1e6), Buckets)]);
        SimulatedIteration played = ClusterSimulator.Play(pass, _network, SumWay.Ring, Nodes);
        double least = Buckets * 2.0 * (Nodes - 1) / Nodes * 1e6 / Bandwidth;
        Assert.Equal(Buckets * 2.0 * (Nodes - 1) / Nodes * 1e6, played.BytesSent, 1.0);
        Assert.InRange(played.Sum, least, least * 1.05);
    }

    [Fact]
    public void TreeOfManyBuckets_IsBoundByTheRootsLink()
    {
        // The root of 8 sends each bucket to three children, and waits now and then for one that is busy itself.
        const int Buckets = 50;
        var pass = new NodePass(0, 0, [.. Enumerable.Repeat(new PassBucket(0, 1e6), Buckets)]);
        SimulatedIteration played = ClusterSimulator.Play(pass, _network, SumWay.Tree, 8);
        Assert.Equal(3 * Buckets * 1e6, played.BytesSent, 1.0);
        Assert.InRange(played.Sum, 3 * Buckets * 1e6 / Bandwidth, 3 * Buckets * 1e6 / Bandwidth * 1.5);
    }

    [Fact]
    public void SumsThatFitBehindThePass_CostNothing()
    {
        var pass = new NodePass(1, 0.1, [new PassBucket(0.2, 1e6), new PassBucket(0.9, 1e6)]);
        SimulatedIteration played = ClusterSimulator.Play(pass, _network, SumWay.Tree, 4);
        Assert.Equal(0, played.Sum);
        Assert.Equal(1.1 + played.Commit, played.Total, 1e-12);
        Assert.Equal(2 * Latency, played.Commit, 1e-12);
    }

    [Fact]
    public void Commit_TakesTheCoordinatorsWorkForEachNode()
    {
        NodeNetwork network = _network with { ControlDelay = 1e-3, ControlWork = 1e-4 };
        // The first message is its own, which comes before all others.
        Assert.Equal((2 * (Latency + 1e-3)) + (1e-4 * (100 + 99)),
            ClusterSimulator.Play(new NodePass(1, 0, [new PassBucket(0, 1)]), network, SumWay.Tree, 100).Commit, 1e-9);
    }

    [Fact]
    public void AddingAndCompression_AreCounted()
    {
        SimulatedIteration slow = ClusterSimulator.Play(
            Only(1e6), _network with { AddBytesPerSecond = 1e8 }, SumWay.Tree, 4);
        Assert.Equal((4 * (Latency + 1e-3)) + (2 * 1e-2), slow.Sum, 1e-9);
        SimulatedIteration small = ClusterSimulator.Play(
            Only(1e6), _network with { Compression = 0.5 }, SumWay.Tree, 4);
        Assert.Equal(4 * (Latency + 0.5e-3), small.Sum, 1e-9);
    }

    // Where blocks take turns another order may come of a little more, and be the better one: as with any list of work,
    // by less than a factor of 2 (Graham 1969). A block alone takes none.
    [Fact]
    public void MoreOfAnything_IsNotFaster() =>
        Gen.Select(Gen.Int[2, 40], Gen.Double[1e3, 1e8], Gen.Double[1e-6, 1e-3], Gen.Int[1, 6], Gen.Enum<SumWay>())
            .Sample((nodes, bytes, latency, buckets, way) =>
            {
                var pass = new NodePass(0.01, 0.001,
                    [.. Enumerable.Range(1, buckets).Select(i => new PassBucket(0.01 * i / buckets, bytes / buckets))]);
                var network = new NodeNetwork(1e9, latency);
                double slack = buckets > 1 ? 2 : 1 + 1e-9;
                double now = ClusterSimulator.Play(pass, network, way, nodes).Total;
                Assert.True(now >= 0.011);
                Assert.True(slack * now >= Total(network with { BytesPerSecond = 2e9 }, nodes), "twice the bandwidth");
                Assert.True(now <= slack * Total(network with { Latency = 2 * latency }, nodes), "twice the latency");
                Assert.True(now <= slack * Total(network, 2 * nodes), "twice the nodes");

                double Total(NodeNetwork other, int count) => ClusterSimulator.Play(pass, other, way, count).Total;
            }, iter: 100);

    [Fact]
    public void Studies_TellSpeedUps()
    {
        var study = new ScalingStudy(new NodePass(1, 0, [new PassBucket(1, 1e9)]), 100, new NodeNetwork(1e9, 0));
        ScalingRow weak = study.Weak(SumWay.Tree, 2), strong = study.Strong(SumWay.Tree, 2);
        Assert.Equal((3, 200 / 3.0), (weak.Iteration.Total, weak.ImagesPerSecond));
        Assert.Equal(2 / 3.0, weak.Speedup, 1e-12);
        Assert.Equal(1 / 3.0, weak.Efficiency, 1e-12);
        Assert.Equal((2.5, 40), (strong.Iteration.Total, strong.ImagesPerSecond));
        Assert.Equal(0.4, strong.Speedup, 1e-12);
        Assert.Equal(1, study.Weak(SumWay.Ring, 1).Speedup);
    }
}
