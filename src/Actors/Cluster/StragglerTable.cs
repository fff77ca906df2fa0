using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster;

/// <summary>How long each node's passes and waits took and what it sent, as they told the coordinator, for the run's
/// metrics. Thread-safe.</summary>
internal sealed class StragglerTable
{
    private readonly Lock _lock = new();
    private (double PassMs, double WaitMs, double SentMb)[] _sums = [];
    private int _iterations;

    /// <summary>An iteration is committed.</summary>
    /// <param name="members">The members by rank.</param>
    /// <param name="reduced">What each told.</param>
    public void Add(IReadOnlyList<Member> members, IReadOnlyDictionary<ulong, Reduced> reduced)
    {
        lock (_lock)
        {
            if (_sums.Length != members.Count)
                (_sums, _iterations) = (new (double, double, double)[members.Count], 0);
            for (int rank = 0; rank < members.Count; rank++)
            {
                Reduced told = reduced[members[rank].Node];
                (double pass, double wait, double sent) = _sums[rank];
                _sums[rank] = (pass + told.PassMs, wait + told.WaitMs, sent + (told.SentBytes / 1e6));
            }

            _iterations++;
        }
    }

    /// <summary>Means of an iteration since the last call, by rank.</summary>
    public IReadOnlyList<(double PassMs, double WaitMs, double SentMb)> Take()
    {
        lock (_lock)
        {
            int count = Math.Max(1, _iterations);
            (double, double, double)[] means =
                [.. _sums.Select(sum => (sum.PassMs / count, sum.WaitMs / count, sum.SentMb / count))];
            (_sums, _iterations) = ([], 0);
            return means;
        }
    }
}
