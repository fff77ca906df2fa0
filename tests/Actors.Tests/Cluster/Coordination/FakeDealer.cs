using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Tests.Cluster.Coordination;

/// <summary>Deals to everybody, or to so many; the loss is the sum.</summary>
internal sealed class FakeDealer(int most = int.MaxValue) : IBatchDealer
{
    public int Most(IReadOnlyList<Member> candidates, long batchRecords) => Math.Min(most, candidates.Count);

    public long BatchRecordsOf(IReadOnlyList<Member> members) => 64 * members.Count;

    public float LossOf(IReadOnlyList<Member> members, long batchRecords, Span<float> told)
    {
        float sum = 0;
        foreach (float part in told)
            sum += part;
        return sum;
    }
}
