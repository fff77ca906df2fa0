using System.CommandLine;
using CaffeActors.Analysis.Export;
using CaffeActors.Analysis.Queries;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Cli.Commands;

/// <summary>Writes a run's metrics for other programs.</summary>
[Verb("metrics export", "Write a run's metrics as CSV, or as an event file of TensorBoard.",
    "caffeactors metrics export latest boards --format tensorboard")]
internal sealed class MetricsExportCommand : VerbCommand
{
    private readonly Argument<string> _run = new("RUN") { Description = $"The run: {RunOptions.Names}." };
    private readonly Argument<string> _out = new("OUT")
    {
        Description = "csv: the file; tensorboard: the folder, which gets a folder for the run.",
    };

    private readonly Option<string> _format = new("--format")
    {
        Description = "csv or tensorboard.",
        DefaultValueFactory = static _ => "csv",
    };

    private readonly RunOptions _runs = new();

    public override void Define(Command command)
    {
        command.Arguments.Add(_run);
        command.Arguments.Add(_out);
        command.Options.Add(_format);
        _runs.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string format = arguments.GetValue(_format)!, path = arguments.GetValue(_out)!;
        if (format is not ("csv" or "tensorboard"))
        {
            throw new CaffeException(
                ErrorCodes.Usage, FailureKind.Configuration, $"--format is csv or tensorboard, not {format}");
        }

        RunRecord run = _runs.Find(arguments, [arguments.GetValue(_run)!])[0];
        using MetricDatabase database = MetricDatabase.Open([run]);
        if (format == "tensorboard")
            path = TensorBoardExport.Write(database, run, Path.Combine(path, run.Manifest.RunId));
        else
            CsvExport.Write(database, run, path);
        terminal.Out.WriteLine(path);
        return Task.FromResult(ExitCodes.Done);
    }
}
