using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Messages;

// What a node's actor and what trains in its process say to each other. Between processes: proto/caffeactors.proto.

/// <summary>To a node: what an epoch asked for is built.</summary>
/// <param name="Session">What trains.</param>
/// <param name="Ready">The parameters that it holds.</param>
internal sealed record SessionBuilt(ClusterSession Session, Ready Ready);

/// <summary>To a node: what trains in an epoch cannot go on, or could not be built.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Failure">Why.</param>
internal sealed record SessionFailed(ulong Epoch, CaffeException Failure);

/// <summary>To a node: the run of rank 0 is over.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Outcome">How.</param>
internal sealed record SessionOver(ulong Epoch, RunOutcome Outcome);

/// <summary>To a node: leave in order after this iteration.</summary>
internal sealed record Leave
{
    public static readonly Leave Instance = new();
}
