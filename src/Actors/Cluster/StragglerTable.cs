using CaffeActors.Actors.Cluster.Messages;

namespace CaffeActors.Actors.Cluster;

/// <summary>How long each node's passes and waits took, as they told the coordinator, for the run's metrics.
/// Thread-safe.</summary>
internal sealed class StragglerTable
{
    private readonly Lock _lock = new();
    private double[] _passMs = [];
    private double[] _waitMs = [];
    private int _iterations;

    /// <summary>An iteration is committed.</summary>
    /// <param name="members">The members by rank.</param>
    /// <param name="reduced">What each told.</param>
    public void Add(IReadOnlyList<Member> members, IReadOnlyDictionary<ulong, Reduced> reduced)
    {
        lock (_lock)
        {
            if (_passMs.Length != members.Count)
                (_passMs, _waitMs, _iterations) = (new double[members.Count], new double[members.Count], 0);
            for (int rank = 0; rank < members.Count; rank++)
            {
                Reduced told = reduced[members[rank].Node];
                _passMs[rank] += told.PassMs;
                _waitMs[rank] += told.WaitMs;
            }

            _iterations++;
        }
    }

    /// <summary>Means of an iteration since the last call, by rank, in milliseconds.</summary>
    public IReadOnlyList<(double PassMs, double WaitMs)> Take()
    {
        lock (_lock)
        {
            int count = Math.Max(1, _iterations);
            (double, double)[] means = [.. _passMs.Zip(_waitMs, (pass, wait) => (pass / count, wait / count))];
            (_passMs, _waitMs, _iterations) = ([], [], 0);
            return means;
        }
    }
}
