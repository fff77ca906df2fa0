using CaffeActors.Testing;
using CaffeActors.Testing.MultiProcess;

namespace CaffeActors.Cluster.Tests.MultiProcess;

/// <summary>What tests start nodes with starts, halts and ends them.</summary>
public sealed class NodeFleetTests
{
    [Fact]
    public async Task ANode_IsHaltedAndLeavesInOrder()
    {
        await using var fleet = new NodeFleet(2);
        string config = Files.Write(fleet.Folder);
        // Nobody is there to let it in.
        NodeProcess node = fleet.Start(
            0, "worker", "--config", config, "--seed-node", fleet.Network.AddressOf(1));
        await node.LineAsync($"Node {fleet.Network.AddressOf(0)}");
        node.Stop();
        await Eventually.HoldsAsync(() => StateOf(node) == "T", "a process that is stopped");
        node.Continue();
        await Eventually.HoldsAsync(() => StateOf(node) != "T", "a process that goes on");
        node.Terminate();
        Assert.Equal(3, await node.ExitAsync());
        // Its log is in a file too.
        Assert.Equal(node.Lines, await File.ReadAllLinesAsync(node.File, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AKilledNode_IsStartedAnew()
    {
        await using var fleet = new NodeFleet(1, hasProxies: false);
        string config = Files.Write(fleet.Folder);
        string[] line = ["worker", "--config", config, "--seed-node", "127.0.0.1:1"];
        NodeProcess node = fleet.Start(0, line);
        Assert.Throws<InvalidOperationException>(() => fleet.Start(0, line));
        await node.LineAsync("Node 127.0.0.1:");
        node.Kill9();
        Assert.Equal(128 + 9, await node.ExitAsync());
        await fleet.Start(0, line).LineAsync("Node 127.0.0.1:");
    }

    [Fact]
    public async Task AFailure_SaysWhatAllNodesHaveWritten()
    {
        await using var fleet = new NodeFleet(1, hasProxies: false);
        NodeProcess node = fleet.Start(0, "no-such-verb");
        Assert.Equal(2, await node.ExitAsync());
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => node.LineAsync("never"));
        Assert.Contains("node-0 (ended with 2", failure.Message);
        Assert.Contains("CFA1000", failure.Message);
    }

    [Fact]
    public async Task TwoNodes_TrainOverTheNetworkBetweenThem()
    {
        await using var fleet = new NodeFleet(2);
        string config = Files.Write(fleet.Folder);
        NodeProcess first = fleet.Start(0, "train", config, "--nodes", "2:2");
        NodeProcess second = fleet.Start(1, "worker", "--config", config, "--seed-node", fleet.Network.AddressOf(0));
        await first.LineAsync("Optimization Done.");
        Assert.Equal(0, await first.ExitAsync());
        Assert.Equal(0, await second.ExitAsync());
        // Control and gradients both go through the proxy of the two.
        Assert.InRange(fleet.Network.Link(1, 0).Connections, 2, int.MaxValue);
        Assert.InRange(fleet.Network.Link(1, 0).Passed(), 1000 * 15 * sizeof(float), long.MaxValue);
    }

    private static string StateOf(NodeProcess node)
    {
        string stat = File.ReadAllText($"/proc/{node.Id}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..][..1];
    }
}
