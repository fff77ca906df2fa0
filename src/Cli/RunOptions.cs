using System.CommandLine;
using CaffeActors.Analysis.Runs;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli;

/// <summary>The flags of commands that look at runs: where they are, and which.</summary>
internal sealed class RunOptions
{
    /// <summary>What a run may be called, for descriptions.</summary>
    public const string Names = "an id, a part of it, a name (its newest run), a folder, or latest";

    private readonly Option<string> _outputRoot = new("--output-root")
    {
        Description = "Folder of all runs.",
        DefaultValueFactory = static _ => "runs",
    };

    /// <summary>Lets a command take them.</summary>
    public void AddTo(Command command) => command.Options.Add(_outputRoot);

    /// <summary>All runs.</summary>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1801: there is none.</exception>
    public IReadOnlyList<RunRecord> All(ParseResult arguments) => RunFinder.All(Root(arguments));

    /// <summary>The runs of some names.</summary>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1801: a run is not there, or several could be
    /// meant.</exception>
    public IReadOnlyList<RunRecord> Find(ParseResult arguments, IReadOnlyList<string> names) =>
        RunFinder.Find(Root(arguments), names);

    /// <summary>The folder of all runs.</summary>
    public string Root(ParseResult arguments) => arguments.GetValue(_outputRoot)!;
}
