using System.CommandLine;
using CaffeActors.Compute.Diagnostics;
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

    private readonly Option<string> _format = new("--format")
    {
        Description = "py: tables as of Caffe's parse_log.py; sh: as of its parse_log.sh, for gnuplot.",
        DefaultValueFactory = static _ => "py",
    };

    public override void Define(Command command)
    {
        command.Arguments.Add(_log);
        command.Arguments.Add(_folder);
        command.Options.Add(_delimiter);
        command.Options.Add(_format);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string delimiter = arguments.GetValue(_delimiter)!, format = arguments.GetValue(_format)!;
        if (delimiter.Length != 1)
            throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration, "--delimiter is one character");
        if (format is not ("py" or "sh"))
        {
            throw new CaffeException(
                ErrorCodes.Usage, FailureKind.Configuration, $"--format is py or sh, not {format}");
        }

        string log = arguments.GetValue(_log)!, folder = arguments.GetValue(_folder)!;
        foreach (string path in format == "sh"
            ? ParseLogTool.RunForGnuplot(log, folder) : ParseLogTool.Run(log, folder, delimiter[0]))
        {
            terminal.Out.WriteLine(path);
        }

        return Task.FromResult(ExitCodes.Done);
    }
}
