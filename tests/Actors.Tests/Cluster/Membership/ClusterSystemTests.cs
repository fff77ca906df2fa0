using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Cluster.Serialization;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Cluster.Membership;

/// <summary>Real actor systems on loopback.</summary>
public sealed class ClusterSystemTests : IAsyncLifetime
{
    // Far more than it takes, so that a busy machine does not fail a test.
    private static readonly TimeSpan _most = TimeSpan.FromSeconds(60);

    private static readonly ClusterSettings _settings =
        new() { Nodes = new NodeRange(2, 2), Host = "127.0.0.1", Port = 0, StartWait = _most };

    private readonly List<ActorSystem> _systems = [];
    private readonly StringWriter _text = new();
    private readonly TextWriter _console;
    private readonly RunLog _log;

    public ClusterSystemTests()
    {
        _console = TextWriter.Synchronized(_text);
        _log = new RunLog(_console);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (ActorSystem system in _systems)
            await system.Terminate();
        _log.Dispose();
    }

    [Fact]
    public async Task TwoNodes_JoinAndSpeakBothWays()
    {
        ActorSystem first = Start(_settings), second = Start(_settings);
        await JoinAsync(first, _settings);
        // By a name that is not its own address.
        await JoinAsync(second, _settings with
        {
            SeedNodes = [new NodeAddress("localhost", ClusterSystem.AddressOf(first).Port!.Value)],
        });
        Akka.Cluster.Member[] members = [.. Akka.Cluster.Cluster.Get(second).State.Members];
        Assert.Equal(2, members.Length);
        Assert.All(members, member => Assert.Equal(Akka.Cluster.MemberStatus.Up, member.Status));
        Assert.All(members, member => Assert.Contains(ClusterConfiguration.Role, member.Roles));
        IActorRef echo = first.ActorOf(Props.Create(() => new Echo()), "echo");
        ActorSelection there = second.ActorSelection(echo.Path.ToStringWithAddress(ClusterSystem.AddressOf(first)));
        var commit = new Commit { Epoch = 1, Iteration = 2, Loss = 3 };
        Assert.Equal(commit, await there.Ask<Commit>(commit, _most, Cancel));
    }

    [Fact]
    public async Task WhatMayNotTravel_IsToldToTheSendersLogAndNothingElseIsLost()
    {
        ActorSystem first = Start(_settings), second = Start(_settings);
        IActorRef echo = first.ActorOf(Props.Create(() => new Echo()), "echo");
        ActorSelection there = second.ActorSelection(echo.Path.ToStringWithAddress(ClusterSystem.AddressOf(first)));
        there.Tell(new Suspect { Reason = new string('x', ClusterSerializer.Limit) });
        there.Tell(new List<int> { 1 });
        there.Tell(new byte[] { 1 });
        there.Tell(new Compute.Schema.BlobProto());
        Assert.Equal(new Freeze { Epoch = 5 }, await there.Ask<object>(new Freeze { Epoch = 5 }, _most, Cancel));
        string log = Log();
        Assert.Contains("bytes is not sent: a message has fewer than 65536", log, StringComparison.Ordinal);
        Assert.Contains("System.Collections.Generic.List`1[System.Int32] is no message", log, StringComparison.Ordinal);
        Assert.Contains("System.Byte[] is no message", log, StringComparison.Ordinal);
        Assert.Contains("BlobProto is no message", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ObjectsThatAPeerNames_AreNotMade()
    {
        ActorSystem node = Start(_settings);
        IActorRef echo = node.ActorOf(Props.Create(() => new Echo()), "echo");
        // Akka as it is by itself, which sends anything by the name of its type.
        var stranger = ActorSystem.Create(ClusterConfiguration.SystemName, BootstrapSetup.Create().WithConfig(
            ConfigurationFactory.ParseString("""
            akka {
              loglevel = OFF
              stdout-loglevel = OFF
              actor.provider = remote
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            }
            """)));
        _systems.Add(stranger);
        IActorRef there = await stranger
            .ActorSelection(echo.Path.ToStringWithAddress(ClusterSystem.AddressOf(node))).ResolveOne(_most, Cancel);
        there.Tell(new Uri("http://localhost"));
        Address address = ClusterSystem.AddressOf(node);
        stranger.ActorOf(Props.Create(() => new Echo()).WithDeploy(new Deploy(new RemoteScope(address))), "foreign");
        // Identify and its answer go by Akka's own messages, after those two.
        await there.Ask<ActorIdentity>(new Identify(null), _most, Cancel);
        await WaitForAsync("serializer with id [1]");
        await WaitForAsync("serializer with id [3]");
    }

    [Fact]
    public async Task PortThatIsTaken_IsAnError()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        CaffeException failure = Assert.Throws<CaffeException>(() => Start(_settings with { Port = port }));
        Assert.Equal((ErrorCodes.CannotListen, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains($"127.0.0.1:{port}", failure.Message, StringComparison.Ordinal);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task SeedsThatDoNotAnswer_EndTheAttempt()
    {
        ClusterSettings settings = _settings with
        {
            StartWait = TimeSpan.FromMilliseconds(1),
            SeedNodes = [new NodeAddress("127.0.0.1", 1)],
        };
        ActorSystem system = Start(settings);
        var failure = await Assert.ThrowsAsync<CaffeException>(() => JoinAsync(system, settings));
        Assert.Equal((ErrorCodes.ClusterLost, FailureKind.Cluster), (failure.Code, failure.Kind));
        Assert.Contains("127.0.0.1:1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_IsTheAddressTowardsTheSeeds()
    {
        Assert.Equal("127.0.0.1", await NodeHosts.OwnAsync(
            new ClusterSettings { SeedNodes = [new NodeAddress("localhost", 4053)] }, Cancel));
        Assert.Equal("127.0.0.1", await NodeHosts.OwnAsync(new ClusterSettings { Host = "localhost" }, Cancel));
        Assert.Equal("localhost", await NodeHosts.OwnAsync(
            new ClusterSettings { Host = "localhost", Tls = new TlsSettings { CheckNames = true } }, Cancel));
        Assert.True(IPAddress.TryParse(await NodeHosts.OwnAsync(new ClusterSettings(), Cancel), out _));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ActorSystem Start(ClusterSettings settings)
    {
        ActorSystem system = ClusterSystem.Start(settings, "127.0.0.1", certificates: null, _log);
        _systems.Add(system);
        return system;
    }

    private Task JoinAsync(ActorSystem system, ClusterSettings settings) =>
        ClusterSystem.JoinAsync(system, settings, _log, TimeProvider.System, Cancel);

    private string Log()
    {
        _log.Flush();
        // Such a writer locks itself.
        lock (_console)
            return _text.ToString();
    }

    private async Task WaitForAsync(string text)
    {
        for (int i = 0; i < 600 && !Log().Contains(text, StringComparison.Ordinal); i++)
            await Task.Delay(100, Cancel);
        Assert.Contains(text, Log(), StringComparison.Ordinal);
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }
}
