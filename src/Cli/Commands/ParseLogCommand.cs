using System.CommandLine;
using CaffeActors.Data.Logs;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's parse_log: tables of a training log.</summary>
[Verb("parse_log", "Write the .train and .test tables of a training log (ours or Caffe's).",
    "caffeactors parse_log runs/run_id=20260101-000000-abcd/train.log tables")]
internal sealed class ParseLogCommand : VerbCommand
{
    private readonly Argument<string> _log = new("LOG") { Description = "The log." };
    private readonly Argument<string> _folder = new("OUTDIR") { Description = "Folder of the tables." };
    private readonly Option<string> _delimiter =
        new("--delimiter") { Description = "Between columns.", DefaultValueFactory = static _ => "," };

    public override void Define(Command command)
    {
        command.Arguments.Add(_log);
        command.Arguments.Add(_folder);
        command.Options.Add(_delimiter);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string delimiter = arguments.GetValue(_delimiter)!;
        if (delimiter.Length != 1)
        {
            throw new Compute.Diagnostics.CaffeException(Compute.Diagnostics.ErrorCodes.Usage,
                Compute.Diagnostics.FailureKind.Configuration, "--delimiter is one character");
        }

        foreach (string path in ParseLogTool.Run(arguments.GetValue(_log)!, arguments.GetValue(_folder)!, delimiter[0]))
            terminal.Out.WriteLine(path);
        return Task.FromResult(ExitCodes.Done);
    }
}
