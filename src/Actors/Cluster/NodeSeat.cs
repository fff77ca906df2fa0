using Akka.Actor;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Cluster;

/// <summary>A node's place in an epoch: what its replicas are built and carried out with.</summary>
/// <param name="Epoch">The epoch, at least 1.</param>
/// <param name="Rank">Its rank among the nodes.</param>
/// <param name="Deal">What each node takes of a batch, and who adds whose sums.</param>
internal sealed record NodeSeat(long Epoch, int Rank, BatchDeal Deal)
{
    /// <summary>Opens the links to the neighbours that the reduction names (rank by rank), once its listener is
    /// there.</summary>
    public required Func<IReadOnlyList<int>, IBlockListener, IBlockLinks> OpenLinks { get; init; }

    /// <summary>Who hears <see cref="Actors.Messages.StepReduced"/> and answers with
    /// <see cref="Actors.Messages.StepCommitted"/>.</summary>
    public required IActorRef Node { get; init; }

    /// <summary>Whether gradients go in 16 bits, their rounding errors kept for the next iteration.</summary>
    public bool Compresses { get; init; }

    /// <summary>What is seen of the reduction from outside.</summary>
    public SeatWatch Watch { get; } = new();
}
