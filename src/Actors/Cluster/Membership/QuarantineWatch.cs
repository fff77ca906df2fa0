using Akka.Actor;
using Akka.Remote;
using CaffeActors.Actors.Logging;

namespace CaffeActors.Actors.Cluster.Membership;

/// <summary>Ends a member that another one has shut out for good: it would hear nothing more from it, and the others
/// have gone on without it.</summary>
internal sealed class QuarantineWatch : UntypedActor
{
    private readonly RunLog _log;
    private bool _over;

    public QuarantineWatch(RunLog log) => _log = log;

    protected override void PreStart() =>
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));

    protected override void OnReceive(object message)
    {
        if (message is not ThisActorSystemQuarantinedEvent shutOut || _over)
            return;
        _over = true;
        string other = ClusterSystem.NameOf(shutOut.RemoteAddress);
        _log.Warn($"The node {other} has shut this one out; it leaves the cluster.");
        var cluster = Akka.Cluster.Cluster.Get(Context.System);
        cluster.Down(cluster.SelfAddress);
    }
}
