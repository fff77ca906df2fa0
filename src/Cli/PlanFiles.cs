using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli;

/// <summary>Plans of runs, for commands that want their nets.</summary>
internal static class PlanFiles
{
    /// <summary>Plans a run as it was, whatever became of its configuration since; paths are meant as they
    /// were.</summary>
    /// <exception cref="Compute.Diagnostics.CaffeException">A file is missing or does not fit.</exception>
    public static RunPlan OfRun(RunRecord run, Terminal terminal, Action<string> notice)
    {
        string resolved = RunDirectory.ConfigPathOf(run.Path), named = run.Manifest.ConfigPath;
        return File.Exists(resolved)
            ? OfConfiguration(resolved, named, terminal, notice)
            : SolverPlanner.FromFile(named, new PlanOptions(), notice);
    }

    /// <summary>Plans a run configuration.</summary>
    /// <param name="file">The file that is read.</param>
    /// <param name="named">The file that paths in it are meant from.</param>
    /// <param name="terminal">Whose environment counts.</param>
    /// <param name="notice">Hears remarks.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">A file is missing or does not fit.</exception>
    public static RunPlan OfConfiguration(string file, string named, Terminal terminal, Action<string> notice) =>
        ConfigurationPlanner.Plan(
            SettingsReader.Read(HoconDocument.ParseFile(file), [], terminal.Environment), named, new PlanOptions(),
            notice);
}
