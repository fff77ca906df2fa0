using System.Globalization;
using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Cluster;

/// <summary>Deals a run's batch out as its plan says. Thread-safe.</summary>
/// <param name="plan">The plan.</param>
/// <param name="stored">Records of the batch of the run that is gone on with; 0 where there is none.</param>
internal sealed class BatchDealer(RunPlan plan, Func<long> stored) : IBatchDealer
{
    private readonly long _own = ReplicaGroupBuilder.BatchRecords(plan);
    private readonly Lazy<long> _stored = new(stored);

    /// <inheritdoc/>
    public long BatchRecordsOf(IReadOnlyList<Member> members) =>
        plan.Cluster!.FixedBatch && _stored.Value > 0 ? _stored.Value
        : plan.Parallel.Scaling == BatchScaling.Strong ? _own
        : _own / plan.Parallel.Devices.Count * members.Sum(member => member.Devices);

    /// <inheritdoc/>
    public int Most(IReadOnlyList<Member> candidates, long batchRecords) => (int)Math.Min(
        candidates.Count,
        ReplicaGroupBuilder.MostNodes(plan, batchRecords > 0 ? batchRecords : BatchRecordsOf(candidates)));

    /// <inheritdoc/>
    public float LossOf(IReadOnlyList<Member> members, long batchRecords, Span<float> told) =>
        Deal(members, batchRecords).LossOf(told);

    /// <summary>What each member takes.</summary>
    /// <param name="members">The members by rank.</param>
    /// <param name="batchRecords">Records of the whole batch.</param>
    /// <exception cref="CaffeException">They are more than the batch has parts.</exception>
    public BatchDeal Deal(IReadOnlyList<Member> members, long batchRecords) =>
        ReplicaGroupBuilder.Deal(plan, batchRecords, [.. members.Select(member => (int)member.Devices)])
        ?? throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
            string.Create(CultureInfo.InvariantCulture,
                $"a batch of {batchRecords} records cannot be dealt out to {members.Count} nodes; set batch_size "
                + $"higher, parallel.grain lower, or --nodes lower"));
}
