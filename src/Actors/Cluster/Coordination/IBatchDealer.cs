using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>What a coordinator must know of how a batch is dealt out.</summary>
internal interface IBatchDealer
{
    /// <summary>How many of some nodes can take part, the first ones.</summary>
    /// <param name="candidates">The nodes, best first.</param>
    /// <param name="batchRecords">Records of the run's batch; 0 where it has none yet.</param>
    int Most(IReadOnlyList<Member> candidates, long batchRecords);

    /// <summary>Who of some members adds whose sums, in order.</summary>
    /// <param name="members">The members by rank.</param>
    /// <param name="batchRecords">Records of the run's batch; 0 where it has none yet.</param>
    IReadOnlyList<ReductionPair> PairsOf(IReadOnlyList<Member> members, long batchRecords);
}
