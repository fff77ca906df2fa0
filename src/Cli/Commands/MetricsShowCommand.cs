using System.CommandLine;
using System.Globalization;
using CaffeActors.Analysis.Queries;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli.Commands;

/// <summary>Shows what one run measured.</summary>
[Verb("metrics show", "Show a run and each of its metrics: first, last, least and greatest value.",
    "caffeactors metrics show latest --split test0")]
internal sealed class MetricsShowCommand : VerbCommand
{
    private readonly Argument<string> _run = new("RUN") { Description = $"The run: {RunOptions.Names}." };
    private readonly Option<string?> _split = new("--split")
    {
        Description = "Only metrics of this split: train, test0, test1, ..., system or layer.",
    };

    private readonly RunOptions _runs = new();
    private readonly ResultOptions _result = new();

    public override void Define(Command command)
    {
        command.Arguments.Add(_run);
        command.Options.Add(_split);
        _runs.AddTo(command);
        _result.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        ResultForm form = _result.Of(arguments);
        IReadOnlyList<RunRecord> runs = _runs.Find(arguments, [arguments.GetValue(_run)!]);
        using MetricDatabase database = MetricDatabase.Open(runs);
        if (form == ResultForm.Table)
            WriteHead(database, runs[0], terminal);
        using QueryResult result = database.Query(StandardQueries.Metrics(arguments.GetValue(_split)));
        ResultOptions.Write(result, form, terminal);
        return Task.FromResult(ExitCodes.Done);
    }

    private static void WriteHead(MetricDatabase database, RunRecord run, Terminal terminal)
    {
        using QueryResult state = database.Query("SELECT state FROM runs");
        RunManifest manifest = run.Manifest;
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{manifest.RunId} ({manifest.Name}): {state.Rows().Single()[0]} at iteration {manifest.LastIteration}, "
            + $"begun {manifest.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, started {manifest.Segments.Count} "
            + $"time(s)"));
        terminal.Out.WriteLine($"configuration {manifest.ConfigPath}, folder {run.Path}");
    }
}
