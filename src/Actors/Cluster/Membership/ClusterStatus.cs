namespace CaffeActors.Actors.Cluster.Membership;

/// <summary>How a run on several nodes stands.</summary>
/// <param name="RunId">The run; empty before it begins.</param>
/// <param name="Epoch">Which agreement on the members holds; 0 before the first.</param>
/// <param name="Committed">Updates that all have done.</param>
/// <param name="IterationMs">Milliseconds of an iteration, lately.</param>
/// <param name="Restarts">How often the run was put together anew.</param>
/// <param name="IsWhole">Whether all nodes are told of; else the asked one alone.</param>
/// <param name="Nodes">By rank, those that stand by at the end.</param>
public sealed record ClusterStatus(
    string RunId, long Epoch, long Committed, float IterationMs, int Restarts, bool IsWhole,
    IReadOnlyList<ClusterNodeStatus> Nodes);
