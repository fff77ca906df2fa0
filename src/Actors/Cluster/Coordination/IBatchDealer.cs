using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>What a coordinator must know of how a batch is dealt out.</summary>
internal interface IBatchDealer
{
    /// <summary>How many of some nodes can take part, the first ones.</summary>
    /// <param name="candidates">The nodes, best first.</param>
    /// <param name="batchRecords">Records of the run's batch; 0 where it has none yet.</param>
    int Most(IReadOnlyList<Member> candidates, long batchRecords);

    /// <summary>Records of the whole batch that some nodes begin a run with; 0 where the net reads none.</summary>
    /// <param name="members">The members by rank.</param>
    long BatchRecordsOf(IReadOnlyList<Member> members);

    /// <summary>The whole batch's loss.</summary>
    /// <param name="members">The members by rank.</param>
    /// <param name="batchRecords">Records of the run's batch.</param>
    /// <param name="told">By rank, what each told of it; it is overwritten.</param>
    float LossOf(IReadOnlyList<Member> members, long batchRecords, Span<float> told);
}
