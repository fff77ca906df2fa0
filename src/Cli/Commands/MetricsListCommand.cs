using System.CommandLine;
using CaffeActors.Analysis.Queries;

namespace CaffeActors.Cli.Commands;

/// <summary>Lists runs.</summary>
[Verb("metrics list", "List runs: where they stand, their last loss, their best test accuracy.",
    "caffeactors metrics list")]
internal sealed class MetricsListCommand : VerbCommand
{
    private readonly RunOptions _runs = new();
    private readonly ResultOptions _result = new();

    public override void Define(Command command)
    {
        _runs.AddTo(command);
        _result.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        ResultForm form = _result.Of(arguments);
        using MetricDatabase database = MetricDatabase.Open(_runs.All(arguments));
        using QueryResult result = database.Query(StandardQueries.Runs);
        ResultOptions.Write(result, form, terminal);
        return Task.FromResult(ExitCodes.Done);
    }
}
