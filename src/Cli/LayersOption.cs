using System.CommandLine;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Cli;

/// <summary>The flag that plugs in layers of the user's own.</summary>
internal static class LayersOption
{
    /// <summary>Makes the flag, for one command.</summary>
    public static Option<string[]> Make() =>
        new("--layers") { Description = "Class library (.dll) with layers of one's own. Repeatable." };

    /// <summary>What was given.</summary>
    public static IReadOnlyList<LibraryReference> Of(ParseResult arguments, Option<string[]> option) =>
        [.. (arguments.GetValue(option) ?? []).Select(path => new LibraryReference(path))];
}
