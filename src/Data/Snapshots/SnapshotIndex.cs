using System.Text.Json;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Snapshots;

/// <summary>Finds snapshots and tells valid ones from others.</summary>
internal static class SnapshotIndex
{
    /// <summary>All snapshots of a prefix, greatest iteration first, each read whole and compared with its
    /// hashes.</summary>
    public static IEnumerable<SnapshotEntry> List(string prefix) =>
        Open(prefix).Select(entry => Check(entry, hashes: true));

    /// <summary>The newest valid snapshot.</summary>
    /// <param name="prefix">What the names begin with.</param>
    /// <param name="runId">
    /// The run whose snapshots count, newest by segment and then iteration; null for those of all, by iteration.
    /// </param>
    /// <param name="before">Only those of lower iterations count.</param>
    public static SnapshotSearch Newest(string prefix, string? runId, int before)
    {
        List<SnapshotEntry> all = [.. Open(prefix).Where(entry => entry.Iteration < before)];
        List<SnapshotEntry> skipped = [.. all.Where(entry => !MayBeOf(runId, entry)).Select(entry => entry with
        {
            Fault = $"'{entry.ResumePath}' is of run '{entry.Resume!.RunId}', not of '{runId}'",
        })];
        SnapshotEntry? newest = null;
        foreach (SnapshotEntry entry in NewestFirst(all, runId))
        {
            SnapshotEntry checkedEntry = Check(entry, hashes: true);
            if (checkedEntry.IsValid)
            {
                newest = checkedEntry;
                break;
            }

            skipped.Add(checkedEntry);
        }

        return new(newest, [.. skipped.Where(other => newest is null || other.Iteration > newest.Iteration)
            .OrderByDescending(other => other.Iteration)]);
    }

    /// <summary>
    /// The snapshots of a run, newest first, unchecked. Those whose <c>.resume</c> is missing or damaged may be
    /// anyone's and come with every run.
    /// </summary>
    public static IEnumerable<SnapshotEntry> NewestFirst(string prefix, string? runId) =>
        NewestFirst(Open(prefix), runId);

    /// <summary>Reads a <c>.resume</c> file and nothing else.</summary>
    public static SnapshotEntry OpenResume(string path, int iteration)
    {
        try
        {
            ResumeState state = ResumeFile.Parse(File.ReadAllBytes(path));
            return new(iteration, path, state, null);
        }
        catch (FileNotFoundException)
        {
            return new(iteration, path, null,
                $"there is no '{path}': Caffe wrote the pair, or its writing was interrupted");
        }
        catch (Exception exception) when (exception is JsonException || AtomicFile.IsFileFailure(exception))
        {
            return new(iteration, path, null, $"'{path}' cannot be used: {exception.Message}");
        }
    }

    /// <summary>Compares a snapshot's files with what its <c>.resume</c> says of them.</summary>
    /// <param name="entry">The snapshot.</param>
    /// <param name="hashes">Whether the files are read; otherwise their sizes must do.</param>
    public static SnapshotEntry Check(SnapshotEntry entry, bool hashes)
    {
        if (entry.Resume is not { } resume)
            return entry;
        if (resume.Iteration != entry.Iteration)
        {
            return entry with
            {
                Fault = $"'{entry.ResumePath}' is of iteration {resume.Iteration}, not of the one in its name",
            };
        }

        return entry with { Fault = FaultOf(entry.ModelPath, resume.Model) ?? FaultOf(entry.StatePath, resume.State) };

        string? FaultOf(string? path, FileDigest? expected)
        {
            if (path is null || expected is null || Path.GetFileName(expected.File) != expected.File)
                return $"'{entry.ResumePath}' names no file where it should name the model or state";
            try
            {
                using FileStream stream = File.OpenRead(path);
                if (stream.Length != expected.Size)
                    return $"'{path}' has {stream.Length} bytes instead of the {expected.Size} that were written";
                if (hashes && FileDigest.Of(expected.File, stream) != expected)
                    return $"'{path}' is damaged or was written anew: its hash is not the one in '{entry.ResumePath}'";
                return null;
            }
            catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
            {
                return $"'{path}' cannot be read: {exception.Message}";
            }
        }
    }

    private static IEnumerable<SnapshotEntry> NewestFirst(List<SnapshotEntry> all, string? runId) => runId is null
        ? all
        : all.Where(entry => MayBeOf(runId, entry))
            .OrderByDescending(entry => entry.Resume?.MetricSegment ?? int.MaxValue)
            .ThenByDescending(entry => entry.Iteration);

    private static bool MayBeOf(string? runId, SnapshotEntry entry) =>
        runId is null || entry.Resume is null || entry.Resume.RunId == runId;

    private static List<SnapshotEntry> Open(string prefix) =>
    [
        .. SnapshotNames.Iterations(prefix)
            .Select(iteration => OpenResume(SnapshotNames.ResumeOf(prefix, iteration), iteration)),
    ];
}
