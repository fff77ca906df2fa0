using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster;

/// <summary>What a node's actor asks its process to do, one after the other.</summary>
internal abstract record NodeOrder
{
    /// <summary>End what trains, and build what an epoch asks for.</summary>
    /// <param name="View">The epoch.</param>
    /// <param name="CommitFirst">Whether to update by the sum that is held before.</param>
    /// <param name="TakesState">Whether the parameters are had from the view's source.</param>
    /// <param name="Cancel">Set when another epoch is asked for.</param>
    internal sealed record Build(View View, bool CommitFirst, bool TakesState, CancellationToken Cancel) : NodeOrder;

    /// <summary>End what trains; parameters are of no use any more.</summary>
    internal sealed record StandBy : NodeOrder;

    /// <summary>The run is over.</summary>
    /// <param name="Over">How.</param>
    internal sealed record End(RunOver Over) : NodeOrder;
}
