using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Runs;

/// <summary>
/// Finds the runs users name: by their id, a part of it that no other run has, their name (of several runs the newest),
/// <c>latest</c>, or their folder.
/// </summary>
public static class RunFinder
{
    private const int MostNamed = 5;

    /// <summary>All runs of an output root, newest first.</summary>
    /// <param name="outputRoot">The folder of all runs.</param>
    /// <exception cref="CaffeException">CFA1801: there is none.</exception>
    public static IReadOnlyList<RunRecord> All(string outputRoot)
    {
        IReadOnlyList<RunRecord> runs = RunIndex.List(outputRoot);
        return runs.Count > 0 ? runs : throw Unknown(
            $"there are no runs in '{outputRoot}'; 'train' makes one, and --output-root names another folder");
    }

    /// <summary>The runs of several names, in the order given.</summary>
    /// <param name="outputRoot">The folder of all runs.</param>
    /// <param name="names">What the user wrote.</param>
    /// <exception cref="CaffeException">CFA1801: a run is not there, several could be meant, or two names mean runs
    /// of one id; CFA1502: a manifest is damaged.</exception>
    public static IReadOnlyList<RunRecord> Find(string outputRoot, IReadOnlyList<string> names)
    {
        List<RunRecord> runs = [];
        foreach (string name in names)
        {
            RunRecord run = Find(outputRoot, name);
            int before = runs.FindIndex(other => other.Manifest.RunId == run.Manifest.RunId);
            if (before >= 0)
                throw Unknown($"'{names[before]}' and '{name}' are one run, {run.Manifest.RunId}; name it once");
            runs.Add(run);
        }

        return runs;
    }

    /// <summary>The run of a name.</summary>
    /// <param name="outputRoot">The folder of all runs.</param>
    /// <param name="name">What the user wrote.</param>
    /// <exception cref="CaffeException">CFA1801: it is not there, or several could be meant; CFA1502: its manifest is
    /// damaged.</exception>
    public static RunRecord Find(string outputRoot, string name)
    {
        if (Directory.Exists(name))
            return new(name, RunDirectory.ReadManifest(name));
        IReadOnlyList<RunRecord> runs = All(outputRoot);
        if (name == RunDirectory.LatestName)
            return Latest(outputRoot, runs);
        string part = name.StartsWith(RunDirectory.FolderPrefix, StringComparison.Ordinal)
            ? name[RunDirectory.FolderPrefix.Length..] : name;
        RunRecord[] found = [.. runs.Where(run => run.Manifest.RunId == part)];
        if (found.Length == 0)
            found = [.. runs.Where(run => run.Manifest.Name == name).Take(1)];
        if (found.Length == 0 && part.Length > 0)
            found = [.. runs.Where(run => run.Manifest.RunId.Contains(part, StringComparison.OrdinalIgnoreCase))];
        return found.Length switch
        {
            1 => found[0],
            0 => throw Unknown($"no run in '{outputRoot}' is called '{name}' or has it in its id; {Hint(part, runs)}"),
            _ => throw Unknown($"{found.Length} runs have '{name}' in their ids: {Named(found)}; write more of it"),
        };
    }

    // The pointer may be lost, or tell of a run that was deleted since: then the count in the manifests says which.
    private static RunRecord Latest(string outputRoot, IReadOnlyList<RunRecord> runs)
    {
        string pointer = Path.Combine(outputRoot, RunDirectory.LatestName);
        string folder = File.Exists(pointer) ? File.ReadAllText(pointer).Trim() : "";
        return runs.FirstOrDefault(run => Path.GetFileName(run.Path) == folder) ?? runs[0];
    }

    private static string Hint(string part, IReadOnlyList<RunRecord> runs) =>
        Nearest.Of(part, runs.SelectMany(run => (string[])[run.Manifest.RunId, run.Manifest.Name])) is { } near
            ? $"did you mean '{near}'?"
            : $"the newest are {Named(runs)}, and 'latest' is the last of them";

    private static string Named(IReadOnlyList<RunRecord> runs) =>
        string.Join(", ", runs.Take(MostNamed).Select(run => run.Manifest.RunId))
            + (runs.Count > MostNamed ? ", ..." : "");

    private static CaffeException Unknown(string text) =>
        new(ErrorCodes.UnknownRun, FailureKind.Configuration, text);
}
