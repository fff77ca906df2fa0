using System.CommandLine;
using CaffeActors.Analysis.Queries;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli.Commands;

/// <summary>Runs SQL over the metrics of runs.</summary>
[Verb("metrics query", "Run SQL (DuckDB's) over the metrics of all runs, or of some.",
    "caffeactors metrics query \"SELECT run_id, max(value) FROM metrics WHERE name = 'accuracy' GROUP BY run_id\"",
    Notes = """
        Tables: metrics (the rows that count), recorded (also those a resume has replaced): run_id, step, epoch, split,
        name, value, wall_time, rank, segment; runs: run_id, name, number, state, created, iterations, exit_code,
        segments, config, folder.
        """)]
internal sealed class MetricsQueryCommand : VerbCommand
{
    private const int DefaultRows = 100;
    private readonly Argument<string> _sql = new("SQL") { Description = "One statement." };
    private readonly Option<string[]> _only = new("--run")
    {
        Description = $"Look only at this run: {RunOptions.Names}. Repeatable.",
    };

    private readonly Option<int> _rows = new("--rows")
    {
        Description = "Rows of a table that are shown; 0: all.",
        DefaultValueFactory = static _ => DefaultRows,
    };

    private readonly RunOptions _runs = new();
    private readonly ResultOptions _result = new();

    public override void Define(Command command)
    {
        command.Arguments.Add(_sql);
        command.Options.Add(_only);
        command.Options.Add(_rows);
        _runs.AddTo(command);
        _result.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        ResultForm form = _result.Of(arguments);
        int rows = arguments.GetValue(_rows);
        if (rows < 0)
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration, $"--rows is 0 or more, not {rows}");
        string[] only = arguments.GetValue(_only) ?? [];
        using MetricDatabase database = MetricDatabase.Open(
            only.Length > 0 ? _runs.Find(arguments, only) : _runs.All(arguments));
        using QueryResult result = database.Query(arguments.GetValue(_sql)!);
        ResultOptions.Write(result, form, terminal, rows);
        return Task.FromResult(ExitCodes.Done);
    }
}
