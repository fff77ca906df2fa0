using Akka.Actor;
using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Tests.Cluster.Coordination;
using Member = CaffeActors.Actors.Cluster.Messages.Member;

namespace CaffeActors.Actors.Tests.Cluster;

/// <summary>The coordinator in a cluster of one process.</summary>
public sealed class CoordinatorActorTests : IAsyncLifetime
{
    // Far more than it takes, so that a busy machine does not fail a test.
    private static readonly TimeSpan _most = TimeSpan.FromSeconds(60);

    private readonly RunLog _log = new(TextWriter.Null);
    private ActorSystem _system = null!;

    public async ValueTask InitializeAsync()
    {
        var settings = new ClusterSettings { Nodes = new NodeRange(1, 9), Host = "127.0.0.1", Port = 0 };
        _system = ClusterSystem.Start(settings, "127.0.0.1", certificates: null, _log);
        await ClusterSystem.JoinAsync(
            _system, settings, _log, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _system.Terminate();
        _log.Dispose();
    }

    // A process that starts anew where one was killed answers what that one was asked, and the cluster may take the old
    // one out only then.
    [Fact]
    public async Task AProcessThatTheClusterHasNotLetIn_IsNotHeard()
    {
        using var events = new EventLog(1, "coordinator", everything: false, _log, TimeProvider.System);
        var telling = new ClusterTelling(_log, events, new StragglerTable(), (_, _) => { });
        IActorRef coordinator = _system.ActorOf(CoordinatorActor.Props(
            new CoordinatorSettings { MinNodes = 9 }, new FakeDealer(), own: 1, telling, TimeProvider.System));
        uint here = (uint)Akka.Cluster.Cluster.Get(_system).SelfUniqueAddress.Uid;
        IActorRef node = _system.ActorOf(Props.Create(() => new Silent()));
        while (true)
        {
            coordinator.Tell(Standing(2, here + 1), node);
            coordinator.Tell(Standing(1, here), node);
            StatusReply status = await coordinator.Ask<StatusReply>(
                new StatusRequest(), _most, TestContext.Current.CancellationToken);
            if (status.Nodes.Count == 0)
                continue;
            Assert.Equal(1u, Assert.Single(status.Nodes).Node);
            break;
        }
    }

    private static Frozen Standing(ulong node, uint incarnation) => new()
    {
        Member = new Member { Node = node, Name = $"127.0.0.1:{node}", Devices = 1, Incarnation = incarnation },
        Committed = -1,
    };

    private sealed class Silent : UntypedActor
    {
        protected override void OnReceive(object message)
        {
        }
    }
}
