using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Cluster;

/// <summary>Deals a run's batch out as its plan says. Thread-safe.</summary>
/// <param name="plan">The plan.</param>
/// <param name="stored">The batch of the run that is gone on with; 0 where there is none.</param>
internal sealed class BatchDealer(RunPlan plan, Func<long> stored) : IBatchDealer
{
    private readonly ReplicaBatchSize _size = ReplicaBatchSize.Of(plan);
    private readonly Lazy<long> _stored = new(stored);

    /// <inheritdoc/>
    public long BatchRecordsOf(IReadOnlyList<Member> members) =>
        _stored.Value > 0 ? _stored.Value : _size.WholeBatch(DevicesOf(members));

    /// <inheritdoc/>
    public int Most(IReadOnlyList<Member> candidates, long batchRecords)
    {
        int count = candidates.Count;
        while (count > 1 && _size.Deal(batchRecords > 0 ? batchRecords : _size.WholeBatch(
            DevicesOf(candidates)[..count]), DevicesOf(candidates)[..count]) is null)
        {
            count--;
        }

        return count;
    }

    /// <inheritdoc/>
    public float LossOf(IReadOnlyList<Member> members, long batchRecords, Span<float> told) =>
        Deal(members, batchRecords).LossOf(told);

    /// <summary>What each member takes.</summary>
    /// <param name="members">The members by rank.</param>
    /// <param name="batchRecords">Records of the whole batch.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">They are more than the batch has parts.</exception>
    public BatchDeal Deal(IReadOnlyList<Member> members, long batchRecords) =>
        _size.Deal(batchRecords, DevicesOf(members)) ?? throw _size.TooSmall(batchRecords, members.Count);

    private static int[] DevicesOf(IReadOnlyList<Member> members) =>
        [.. members.Select(member => (int)member.Devices)];
}
