namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>snapshot</c>: which of a run's snapshots are kept.</summary>
public sealed record SnapshotSettings
{
    /// <summary><c>snapshot.keep-last</c>: how many of the newest; 0 keeps all.</summary>
    public int KeepLast { get; init; }

    /// <summary><c>snapshot.keep-every</c>: those of iterations that it divides are never removed; 0: none are set
    /// apart.</summary>
    public int KeepEvery { get; init; }

    /// <summary><c>snapshot.keep-best</c> and <c>keep-best-mode</c>: the best by this metric is never removed; null:
    /// none is set apart.</summary>
    public MetricGoal? KeepBest { get; init; }
}
