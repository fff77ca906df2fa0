using System.Net;
using System.Net.Sockets;
using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>Those who knock and are not let in.</summary>
public sealed class StrangerTests
{
    [Fact]
    public async Task RandomBytes_AreRefusedAndLogged()
    {
        await using var nodes = new TwoNodes();
        nodes.OpenFirst();
        using Socket stranger = await ConnectAsync(nodes.First.Port);
        byte[] bytes = [.. Enumerable.Range(0, 200).Select(i => (byte)(i * 37))];
        await stranger.SendAsync(bytes);
        Assert.Equal(0, await ReceiveAsync(stranger, bytes));
        await Eventually.HoldsAsync(
            () => nodes.Log.Any(line => line.Contains("does not speak the protocol")), "a line of the log");
    }

    [Fact]
    public async Task OneWhoSaysNothing_IsSentAway()
    {
        await using var nodes = new TwoNodes(
            options => options with { GreetWithin = TimeSpan.FromMilliseconds(50) });
        using Socket stranger = await ConnectAsync(nodes.First.Port);
        Assert.Equal(0, await ReceiveAsync(stranger, new byte[1]));
    }

    [Theory]
    [InlineData(GreetingAnswer.OtherVersion, "version 9")]
    [InlineData(GreetingAnswer.EpochOver, "epoch 2 is over")]
    [InlineData(GreetingAnswer.OtherNode, "looks for node")]
    [InlineData(GreetingAnswer.NoNeighbour, "no neighbour in epoch 3")]
    internal async Task AWrongGreeting_IsAnsweredWithTheReason(GreetingAnswer expected, string logged)
    {
        await using var nodes = new TwoNodes();
        nodes.OpenFirst(epoch: 3);
        var right = new Greeting(
            Greeting.CurrentVersion, GreetingPurpose.Link, 3, 0, TwoNodes.SecondNode, TwoNodes.FirstNode, 0);
        Greeting wrong = expected switch
        {
            GreetingAnswer.OtherVersion => right with { Version = 9 },
            GreetingAnswer.EpochOver => right with { Epoch = 2 },
            GreetingAnswer.OtherNode => right with { To = 0xDD },
            _ => right with { From = 0xDD },
        };
        Assert.Equal(expected, (await GreetAsync(nodes.First.Port, wrong)).Answer);
        await Eventually.HoldsAsync(() => nodes.Log.Any(line => line.Contains(logged)), $"'{logged}' in the log");
    }

    [Fact]
    public async Task AnEpochThatHasNotBegun_IsWaitedFor()
    {
        await using var nodes = new TwoNodes();
        nodes.OpenFirst(epoch: 1);
        var question = new Greeting(
            Greeting.CurrentVersion, GreetingPurpose.Question, 2, 0, TwoNodes.SecondNode, TwoNodes.FirstNode, 0);
        Assert.Equal(GreetingAnswer.TooEarly, (await GreetAsync(nodes.First.Port, question)).Answer);
        Task<GreetingReply> waits = GreetAsync(nodes.First.Port, question with { Purpose = GreetingPurpose.Link });
        nodes.OpenFirst(epoch: 2);
        GreetingReply reply = await waits;
        Assert.Equal((GreetingAnswer.Welcome, TwoNodes.FirstNode, 0L), (reply.Answer, reply.Node, reply.Received));
    }

    [Fact]
    public async Task ALinkThatOnlyOneSideNames_IsLost()
    {
        await using var nodes = new TwoNodes();
        using EpochLinks first = nodes.First.Open(1, 0, nodes.Members, [], nodes.AtFirst);
        nodes.OpenSecond();
        await nodes.AtSecond.LosesAsync();
        Assert.Contains("knows no link to node 1", Assert.Single(nodes.AtSecond.Lost).Reason);
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task<GreetingReply> GreetAsync(int port, Greeting greeting)
    {
        using Socket socket = await ConnectAsync(port);
        byte[] bytes = new byte[Greeting.Size];
        greeting.Write(bytes);
        await socket.SendAsync(bytes);
        Assert.Equal(GreetingReply.Size, await ReceiveAsync(socket, bytes.AsMemory(0, GreetingReply.Size)));
        Assert.True(GreetingReply.TryRead(bytes, out GreetingReply reply));
        return reply;
    }

    // What comes until there is enough of it, or the other closes or resets the connection.
    private static async Task<int> ReceiveAsync(Socket socket, Memory<byte> bytes)
    {
        int count = 0;
        try
        {
            while (count < bytes.Length
                && await socket.ReceiveAsync(bytes[count..], TestContext.Current.CancellationToken) is int more and > 0)
                count += more;
        }
        catch (SocketException)
        {
        }

        return count;
    }
}
