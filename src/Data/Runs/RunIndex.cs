using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Data.Runs;

/// <summary>The runs under an output root.</summary>
public static class RunIndex
{
    /// <summary>All runs with a readable manifest, newest first; none where there is no such folder.</summary>
    /// <param name="outputRoot">The folder of all runs.</param>
    public static IReadOnlyList<RunRecord> List(string outputRoot) => List(outputRoot, []);

    /// <summary>
    /// The run to go on with: the newest of a name whose net and solver are the same and whose newest valid snapshot
    /// is not the end, or is the end of a run that was cut or failed after it: its last loss and tests are still to be
    /// made. A run that another process is training is passed over, one that has no valid snapshot too.
    /// </summary>
    /// <param name="outputRoot">The folder of all runs.</param>
    /// <param name="name">The run's name.</param>
    /// <param name="netHash">The net's <see cref="Fingerprint"/>.</param>
    /// <param name="solverHash">The solver's <see cref="Fingerprint"/>.</param>
    /// <param name="lastIteration">The iteration at which training ends (<c>max_iter</c>).</param>
    public static RunSearch FindResumable(
        string outputRoot, string name, string netHash, string solverHash, long lastIteration)
    {
        List<string> notes = [];
        RunRecord? finished = null;
        foreach (RunRecord run in List(outputRoot, notes).Where(run => run.Manifest.Name == name))
        {
            if (DifferenceOf(run.Manifest, netHash, solverHash) is { } difference)
            {
                notes.Add($"run {run.Manifest.RunId} has {difference}");
                continue;
            }

            if (RunDirectory.IsHeld(run.Path))
            {
                notes.Add($"run {run.Manifest.RunId} is being trained by {RunDirectory.DescribeHolder(run.Path)}");
                continue;
            }

            SnapshotSearch search = new SnapshotStore(RunDirectory.SnapshotPrefixOf(run.Path, run.Manifest))
                .Newest(run.Manifest.RunId);
            notes.AddRange(NotesOf(run, search));
            if (search.Newest is not { } newest)
                notes.Add($"run {run.Manifest.RunId} has no valid snapshot");
            else if (newest.Iteration < lastIteration || LacksItsEnd(run, newest, lastIteration))
                return new(run, newest, null, notes);
            else
                finished ??= run;
        }

        return new(null, null, finished, notes);
    }

    private static bool LacksItsEnd(RunRecord run, SnapshotEntry newest, long lastIteration) =>
        newest.Iteration == lastIteration && run.Manifest.State != RunState.Finished;

    private static List<RunRecord> List(string outputRoot, List<string> notes)
    {
        List<RunRecord> runs = [];
        if (!Directory.Exists(outputRoot))
            return runs;
        foreach (string path in Directory.EnumerateDirectories(outputRoot, RunDirectory.FolderPrefix + "*"))
        {
            try
            {
                runs.Add(new(path, RunDirectory.ReadManifest(path)));
            }
            catch (CaffeException exception)
            {
                notes.Add(exception.Message);
            }
        }

        // Clocks may be set back; the count does not.
        return [.. runs.OrderByDescending(run => run.Manifest.Number)
            .ThenByDescending(run => run.Manifest.Created)
            .ThenByDescending(run => run.Manifest.RunId, StringComparer.Ordinal)];
    }

    // Runs may share a place, where other runs' snapshots are no fault and may be many.
    private static IEnumerable<string> NotesOf(RunRecord run, SnapshotSearch search)
    {
        ILookup<bool, SnapshotEntry> skipped = search.Skipped.ToLookup(
            entry => entry.Resume is { } resume && resume.RunId != run.Manifest.RunId);
        foreach (SnapshotEntry entry in skipped[false])
            yield return $"run {run.Manifest.RunId}: {entry.Fault}";
        if (skipped[true].Any())
            yield return $"run {run.Manifest.RunId}: passed over {skipped[true].Count()} of other runs, as "
                + skipped[true].First().Fault;
    }

    private static string? DifferenceOf(RunManifest manifest, string netHash, string solverHash) =>
        manifest.NetHash != netHash ? "another net"
        : manifest.SolverHash != solverHash ? "another solver"
        : null;
}
