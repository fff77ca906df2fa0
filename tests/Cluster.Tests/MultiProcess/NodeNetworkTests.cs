using System.Net;
using System.Net.Sockets;
using CaffeActors.Testing.MultiProcess;

namespace CaffeActors.Cluster.Tests.MultiProcess;

/// <summary>What tests break networks with breaks them.</summary>
public sealed class NodeNetworkTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ASplit_HoldsBackUntilItHeals()
    {
        await using var network = new NodeNetwork(3);
        // This process plays node 0, which connects to node 1.
        network.Tell(0, Environment.ProcessId);
        (Socket client, Socket server) = await ConnectAsync(network, 1);
        using (client)
        using (server)
        {
            await PassAsync(client, server);
            Assert.Equal(1, network.Link(0, 1).Connections);
            Assert.Equal(0, network.Link(2, 1).Connections);
            network.Split(2);
            await PassAsync(server, client);
            network.Split(0, 2);
            ValueTask<int> arrives = server.ReceiveAsync(new byte[1], Cancel);
            await client.SendAsync(new byte[1], Cancel);
            Assert.False(arrives.IsCompleted);
            network.Heal();
            Assert.Equal(1, await arrives);
        }
    }

    [Fact]
    public async Task ACut_ResetsConnections()
    {
        await using var network = new NodeNetwork(2);
        network.Tell(0, Environment.ProcessId);
        (Socket client, Socket server) = await ConnectAsync(network, 1);
        using (client)
        using (server)
        {
            await PassAsync(client, server);
            network.Cut(1, 0);
            foreach (Socket end in (Socket[])[client, server])
            {
                SocketException failure = await Assert.ThrowsAsync<SocketException>(
                    async () => await end.ReceiveAsync(new byte[1], Cancel));
                Assert.Equal(SocketError.ConnectionReset, failure.SocketErrorCode);
            }
        }
    }

    private static async Task PassAsync(Socket from, Socket to)
    {
        await from.SendAsync(new byte[] { 42 }, Cancel);
        byte[] came = new byte[2];
        Assert.Equal(1, await to.ReceiveAsync(came, Cancel));
        Assert.Equal(42, came[0]);
    }

    // Connects to a node's address; plays the node behind it.
    private static async Task<(Socket Client, Socket Server)> ConnectAsync(NodeNetwork network, int node)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, network.PortOf(node)));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(
            new IPEndPoint(IPAddress.Parse(network.HostOf(node)), network.PortOf(node)), Cancel);
        return (client, await listener.AcceptAsync(Cancel));
    }
}
