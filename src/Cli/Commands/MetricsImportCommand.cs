using System.CommandLine;
using CaffeActors.Data.Logs;

namespace CaffeActors.Cli.Commands;

/// <summary>Makes runs of training logs.</summary>
[Verb("metrics import", "Make a run of a training log (Caffe's or ours), to compare and draw it like any other.",
    "caffeactors metrics import caffe.INFO --name alexnet-2014")]
internal sealed class MetricsImportCommand : VerbCommand
{
    private readonly Argument<string> _log = new("LOG") { Description = "The log." };
    private readonly Option<string?> _name = new("--name")
    {
        Description = "The run's name; by default the log's file name without its ending.",
    };

    private readonly RunOptions _runs = new();

    public override void Define(Command command)
    {
        command.Arguments.Add(_log);
        command.Options.Add(_name);
        _runs.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        terminal.Out.WriteLine(LogImport.Run(
            arguments.GetValue(_log)!, _runs.Root(arguments), arguments.GetValue(_name)).Path);
        return Task.FromResult(ExitCodes.Done);
    }
}
