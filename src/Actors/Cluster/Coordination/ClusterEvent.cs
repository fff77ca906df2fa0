namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>Something that happened in a cluster.</summary>
/// <param name="Kind">What.</param>
/// <param name="Epoch">In which epoch.</param>
/// <param name="Iteration">Updates that were committed by then; of <see cref="ClusterEventKind.Committed"/> that one
/// included.</param>
/// <param name="Text">One line for people.</param>
/// <param name="Nodes">The nodes that it is about, by rank where they have one.</param>
internal sealed record ClusterEvent(
    ClusterEventKind Kind, ulong Epoch, long Iteration, string Text = "", params IReadOnlyList<ulong> Nodes);
