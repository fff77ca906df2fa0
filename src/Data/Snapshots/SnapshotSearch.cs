namespace CaffeActors.Data.Snapshots;

/// <summary>The outcome of looking for a snapshot to resume from.</summary>
/// <param name="Newest">The newest valid snapshot, or null.</param>
/// <param name="Skipped">Those of greater iterations that are not valid or another run's, greatest first, each with why
/// it was passed over.</param>
public sealed record SnapshotSearch(SnapshotEntry? Newest, IReadOnlyList<SnapshotEntry> Skipped);
