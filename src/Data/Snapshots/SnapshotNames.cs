using System.Globalization;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Snapshots;

/// <summary>The names of a snapshot's files, Caffe's: <c>PREFIX_iter_N</c> and a suffix.</summary>
public static class SnapshotNames
{
    private const string Middle = "_iter_";
    private const string Model = ".caffemodel";
    private const string State = ".solverstate";
    private const string Resume = ".resume";
    private const string Hdf5 = ".h5";

    /// <summary>The model's path.</summary>
    public static string ModelOf(string prefix, int iteration, SolverParameter.Types.SnapshotFormat format) =>
        StemOf(prefix, iteration) + Model + SuffixOf(format);

    /// <summary>The solver state's path.</summary>
    public static string StateOf(string prefix, int iteration, SolverParameter.Types.SnapshotFormat format) =>
        StemOf(prefix, iteration) + State + SuffixOf(format);

    /// <summary>The path of what Caffe does not keep.</summary>
    public static string ResumeOf(string prefix, int iteration) => StemOf(prefix, iteration) + Resume;

    /// <summary>The <c>.resume</c> path that belongs to a solver state's; null where that has no name of a
    /// state.</summary>
    public static string? ResumeBeside(string statePath)
    {
        string path = statePath.EndsWith(Hdf5, StringComparison.Ordinal) ? statePath[..^Hdf5.Length] : statePath;
        return path.EndsWith(State, StringComparison.Ordinal) ? path[..^State.Length] + Resume : null;
    }

    /// <summary>The iterations of which there is any file, greatest first.</summary>
    public static List<int> Iterations(string prefix)
    {
        HashSet<int> iterations = [];
        foreach (string path in Files(prefix))
        {
            ReadOnlySpan<char> rest =
                Path.GetFileName(path.AsSpan())[(Path.GetFileName(prefix).Length + Middle.Length)..];
            int digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits > 0 && rest[digits..] is Model or Model + Hdf5 or State or State + Hdf5 or Resume
                && int.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out int iteration))
                iterations.Add(iteration);
        }

        return [.. iterations.OrderDescending()];
    }

    /// <summary>The unfinished files that a killed process left.</summary>
    public static IEnumerable<string> Unfinished(string prefix) =>
        Files(prefix).Where(path => path.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal));

    private static List<string> Files(string prefix)
    {
        string directory = AtomicFile.DirectoryOf(prefix);
        string start = Path.GetFileName(prefix) + Middle;
        if (!Directory.Exists(directory))
            return [];
        return [.. Directory.EnumerateFiles(directory)
            .Where(path => Path.GetFileName(path).StartsWith(start, StringComparison.Ordinal))];
    }

    private static string StemOf(string prefix, int iteration) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{Middle}{iteration}");

    private static string SuffixOf(SolverParameter.Types.SnapshotFormat format) =>
        format == SolverParameter.Types.SnapshotFormat.Hdf5 ? Hdf5 : "";
}
