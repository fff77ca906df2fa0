using CaffeActors.Actors.Cluster.Messages;
using Google.Protobuf;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>What a coordinator does to the world.</summary>
internal interface ICoordinatorOutput
{
    /// <summary>Sends a message to a node that has told of itself; it may be lost.</summary>
    /// <param name="node">The node.</param>
    /// <param name="message">The message.</param>
    void Send(ulong node, IMessage message);

    /// <summary>Sends a message to every process that is in the cluster, known by a node's number or not.</summary>
    /// <param name="message">The message.</param>
    void Broadcast(IMessage message);

    /// <summary>A node is none of the run's any more: the cluster is to forget it.</summary>
    /// <param name="node">The node.</param>
    void Evict(Member node);

    /// <summary>Something happened that people and the run's event log hear of.</summary>
    /// <param name="what">What.</param>
    void Note(ClusterEvent what);

    /// <summary>The run is over for all; nothing follows.</summary>
    /// <param name="over">How.</param>
    void End(RunOver over);

    /// <summary>This process is the one that holds up the others: it ends, and they go on under another coordinator.
    /// </summary>
    /// <param name="over">Why.</param>
    void Abdicate(RunOver over);
}
