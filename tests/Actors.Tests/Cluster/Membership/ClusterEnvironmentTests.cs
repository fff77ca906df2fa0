using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Planning;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Cluster.Membership;

public sealed class ClusterEnvironmentTests
{
    private static ClusterOptions Read(params (string Name, string Value)[] variables) =>
        ClusterEnvironment.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);

    [Fact]
    public void EmptyEnvironment_SaysNothing()
    {
        Assert.Equal(new ClusterOptions(), Read());
        Assert.Equal(new ClusterOptions(), Read(("CAFFEACTORS_NODES", ""), ("CAFFEACTORS_PORT", "")));
        Assert.Null(Read(("HOSTNAME", "web-3")).Over(new ClusterSettings()));
    }

    [Fact]
    public void Variables_AreRead()
    {
        ClusterOptions options = Read(
            ("CAFFEACTORS_NODES", "2:8"), ("CAFFEACTORS_SEED_NODES", "10.0.0.5:4053, node-2"),
            ("CAFFEACTORS_HOST", "10.0.0.6"), ("CAFFEACTORS_PORT", "5000"));
        Assert.Equal((new NodeRange(2, 8), "10.0.0.6", 5000), (options.Nodes, options.Host, options.Port));
        Assert.Equal([new NodeAddress("10.0.0.5", 4053), new NodeAddress("node-2", 4053)], options.SeedNodes!);
    }

    [Theory]
    [InlineData("train-0")]
    [InlineData("train-7")]
    public void PodOfAStatefulSet_IsLetInByTheFirst(string pod)
    {
        Assert.Equal([new NodeAddress("train-0.nodes", 4053)],
            Read(("HOSTNAME", pod), ("CAFFEACTORS_SERVICE", "nodes")).SeedNodes!);
        Assert.Equal([new NodeAddress("train-0.nodes", 5000)],
            Read(("HOSTNAME", pod), ("CAFFEACTORS_SERVICE", "nodes"), ("CAFFEACTORS_PORT", "5000")).SeedNodes!);
    }

    [Fact]
    public void SeedNodes_GoOverTheService() => Assert.Equal([new NodeAddress("a", 1)], Read(
        ("HOSTNAME", "train-1"), ("CAFFEACTORS_SERVICE", "nodes"), ("CAFFEACTORS_SEED_NODES", "a:1")).SeedNodes!);

    [Theory]
    [InlineData("CAFFEACTORS_NODES", "many")]
    [InlineData("CAFFEACTORS_SEED_NODES", "a:1;b:2")]
    [InlineData("CAFFEACTORS_HOST", "a:1")]
    [InlineData("CAFFEACTORS_PORT", "-1")]
    [InlineData("CAFFEACTORS_SERVICE", "nodes")]
    public void ValueThatDoesNotFit_IsRefusedByName(string name, string value)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => Read((name, value)));
        Assert.Equal((ErrorCodes.BadSetting, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CommandLine_GoesOverTheEnvironment_AndBothOverTheConfiguration()
    {
        var configured = new ClusterSettings { Nodes = new NodeRange(1, 2), Port = 1, Host = "c", MaxRestarts = 1 };
        ClusterSettings settings = new ClusterOptions { Port = 3 }
            .Over(Read(("CAFFEACTORS_PORT", "2"), ("CAFFEACTORS_HOST", "b"))).Over(configured)!;
        Assert.Equal((3, "b", new NodeRange(1, 2), 1),
            (settings.Port, settings.Host, settings.Nodes, settings.MaxRestarts));
    }

    [Fact]
    public void LeastNodes_NarrowTheRange()
    {
        var settings = new ClusterSettings();
        Assert.Equal(new NodeRange(3, 8),
            new ClusterOptions { Nodes = new NodeRange(2, 8), LeastNodes = 3 }.Over(settings)!.Nodes);
        Assert.Equal(new NodeRange(2, 8),
            new ClusterOptions { DefaultNodes = new NodeRange(2, 8) }.Over(settings)!.Nodes);
        foreach (ClusterOptions options in (ClusterOptions[])[
            new() { LeastNodes = 2 }, new() { LeastNodes = 0, Nodes = new NodeRange(2, 8) },
            new() { LeastNodes = 9, Nodes = new NodeRange(2, 8) }])
        {
            Assert.Equal(ErrorCodes.Usage, Assert.Throws<CaffeException>(() => options.Over(settings)).Code);
        }
    }
}
