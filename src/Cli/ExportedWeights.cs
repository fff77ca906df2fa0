using CaffeActors.Compute.Prototxt.Upgrades;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Cli;

/// <summary>Weights that are to be written for other programs.</summary>
internal static class ExportedWeights
{
    /// <summary>Whether a file is a solver's state, which names its weights.</summary>
    public static bool IsState(string file) =>
        file.EndsWith(".solverstate", StringComparison.OrdinalIgnoreCase)
        || file.EndsWith(".solverstate.h5", StringComparison.OrdinalIgnoreCase);

    /// <summary>The weights of a run's newest snapshot; null where it has none.</summary>
    public static string? OfRun(RunRecord run) =>
        new SnapshotStore(RunDirectory.SnapshotPrefixOf(run.Path, run.Manifest))
            .Newest(run.Manifest.RunId).Newest?.ModelPath;

    /// <summary>Reads weights, in today's form.</summary>
    /// <param name="file">A .caffemodel, a .caffemodel.h5, or the state of a snapshot.</param>
    /// <param name="notice">Hears that the file is of a fork.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">A file is missing or damaged.</exception>
    public static NetParameter Read(string file, Action<string> notice)
    {
        NetParameter stored = IsState(file) ? SnapshotLoader.Load(file).Net : WeightsFile.Read(file, notice);
        NetUpgrade.Upgrade(stored);
        return stored;
    }
}
