using CaffeActors.Data.Snapshots;

namespace CaffeActors.Data.Runs;

/// <summary>The outcome of looking for a run to go on with.</summary>
/// <param name="Run">The run to go on with, or null.</param>
/// <param name="Snapshot">Its newest valid snapshot; null where there is no run.</param>
/// <param name="FinishedRun">Where no run is left to go on with: the newest of those at their end, or null.</param>
/// <param name="Notes">What was passed over and why, a sentence each, for the log.</param>
public sealed record RunSearch(
    RunRecord? Run, SnapshotEntry? Snapshot, RunRecord? FinishedRun, IReadOnlyList<string> Notes)
{
    /// <summary>No run is left to go on with, and one or more are at their end.</summary>
    public bool Finished => FinishedRun is not null;
}
