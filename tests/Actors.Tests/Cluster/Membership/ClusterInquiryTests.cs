using System.Globalization;
using Akka.Actor;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Cluster.Membership;

public sealed class ClusterInquiryTests : IAsyncLifetime
{
    private readonly RunLog _log = new(console: null);
    private readonly ActorSystem _node;
    private readonly NodeAddress _address;

    public ClusterInquiryTests()
    {
        _node = ClusterSystem.Start(new ClusterSettings { Port = 0 }, "127.0.0.1", certificates: null, _log);
        _address = new NodeAddress("localhost", ClusterSystem.AddressOf(_node).Port!.Value);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _node.Terminate();
        _log.Dispose();
    }

    [Fact]
    public async Task NodeThatAnswers_IsToldOfByRank()
    {
        var reply = new StatusReply { Epoch = 3, RunId = "r", Committed = 7, IterationMs = 12.5f, Restarts = 1 };
        reply.IsWhole = true;
        reply.Nodes.Add(new NodeStatus { Name = "c:1", Rank = -1, Note = "stands by" });
        reply.Nodes.Add(new NodeStatus { Name = "b:1", Rank = 1, Phase = NodePhase.Reduces, PassMs = 5, SilentMs = 9 });
        reply.Nodes.Add(new NodeStatus { Name = "a:1", Rank = 0, Phase = (NodePhase)99, IsCoordinator = true });
        _node.ActorOf(Props.Create(() => new Answering(reply)), "node");
        ClusterStatus status = await AskAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(("r", 3L, 7L, 12.5f, 1, true),
            (status.RunId, status.Epoch, status.Committed, status.IterationMs, status.Restarts, status.IsWhole));
        Assert.Equal(["a:1 0 phase 99 True", "b:1 1 reduces False", "c:1  idle False"], status.Nodes.Select(node =>
            string.Create(CultureInfo.InvariantCulture, $"{node.Name} {node.Rank} {node.Phase} {node.IsCoordinator}")));
        Assert.Equal((5f, 9L), (status.Nodes[1].PassMs, status.Nodes[1].SilentMs));
    }

    [Fact]
    public async Task SilentNode_IsAnError()
    {
        var failure = await Assert.ThrowsAsync<CaffeException>(() => AskAsync(TimeSpan.FromMilliseconds(200)));
        Assert.Equal((ErrorCodes.NoAnswer, FailureKind.Cluster), (failure.Code, failure.Kind));
        Assert.Contains($"localhost:{_address.Port} did not answer within 0.2 s", failure.Message,
            StringComparison.Ordinal);
    }

    private Task<ClusterStatus> AskAsync(TimeSpan limit) => ClusterInquiry.AskAsync(
        _address, new ClusterSettings(), password: null, limit, _log, TestContext.Current.CancellationToken);

    private sealed class Answering(StatusReply reply) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is StatusRequest)
                Sender.Tell(reply);
        }
    }
}
