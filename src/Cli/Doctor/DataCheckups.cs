using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Planning;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.Doctor;

/// <summary>Looks at the data sets of run configurations.</summary>
/// <param name="environment">Environment variables.</param>
internal sealed class DataCheckups(Func<string, string?> environment)
{
    private const string Group = "data";

    /// <summary>The configurations of a folder, and of <c>configs</c> in it.</summary>
    /// <param name="folder">The folder.</param>
    public static IReadOnlyList<string> Find(string folder) =>
    [
        .. ((string[])[folder, Path.Combine(folder, "configs")]).Where(Directory.Exists)
            .SelectMany(place => Directory.GetFiles(place, "*.hocon")).Order(StringComparer.Ordinal)
            .Select(file => Path.GetRelativePath(folder, file)),
    ];

    /// <summary>Looks at a configuration.</summary>
    /// <param name="file">The configuration.</param>
    /// <param name="isWanted">Whether the user has named it, so that it must work.</param>
    /// <returns>Null for one that trains nothing by itself: others include it.</returns>
    public Checkup? Look(string file, bool isWanted)
    {
        try
        {
            CaffeActorsSettings settings = SettingsReader.ReadFile(file, [], environment);
            if (settings.Train.Solver.Length == 0 && !isWanted)
                return null;
            IReadOnlyList<(string Name, string? Lack)> sets = ConfigurationPlanner.DataSets(settings, file);
            string? there = sets.FirstOrDefault(set => set.Lack is null).Name;
            string absent = string.Join("; ", sets.TakeWhile(set => set.Lack is not null)
                .Select(set => $"{set.Name}: {set.Lack}"));
            if (sets.Count == 0)
                return new Checkup(Group, file, "names no data sets; the nets name their data");
            return there is not null
                ? new Checkup(Group, file, absent.Length > 0 ? $"{there} ({absent})" : there)
                : new Checkup(Group, file, $"none is there ({absent})")
                {
                    Advice = "set the variable, or put the data where the configuration looks for them",
                    Broken = isWanted ? FailureKind.Data : null,
                };
        }
        catch (CaffeException failure)
        {
            return new Checkup(Group, file, $"cannot be read: {failure.ToDiagnostic()}")
            {
                Advice = $"caffeactors net validate {file} tells all that is wrong",
                Broken = isWanted ? failure.Kind : null,
            };
        }
    }
}
