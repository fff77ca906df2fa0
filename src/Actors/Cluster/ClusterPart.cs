using CaffeActors.Actors.Training;

namespace CaffeActors.Actors.Cluster;

/// <summary>What makes a run one of a cluster's: its place in an epoch, and from what it begins.</summary>
/// <param name="Seat">Its place.</param>
/// <param name="BatchRecords">Records of the whole batch; 0 where the net reads none.</param>
/// <param name="State">What it goes on from; null: what the plan says, a snapshot or fillers.</param>
/// <param name="Times">What nodes tell of their times.</param>
/// <param name="Permit">Asked before a snapshot is committed; throws where the epoch is over.</param>
internal sealed record ClusterPart(
    NodeSeat Seat, long BatchRecords, CommittedState? State, StragglerTable Times, Action Permit)
{
    /// <summary>Records of an iteration: the batch, and again for each of <c>iter_size</c>.</summary>
    public long RecordsOfIteration(RunPlan plan) => BatchRecords * plan.Solver.IterSize;
}
