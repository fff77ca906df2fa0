using System.CommandLine;
using System.Globalization;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Looks for the first record of a database that a net could not be trained on.</summary>
[Verb("db verify", "Check a database: every record decodes, sizes agree, labels are classes.",
    "caffeactors db verify train_lmdb --classes 1000")]
internal sealed class DbVerifyCommand : VerbCommand
{
    private readonly Argument<string> _path = new("PATH") { Description = "Folder of the database." };
    private readonly Option<int?> _classes =
        new("--classes") { Description = "Labels are 0 to this, less 1; without it any." };
    private readonly Option<bool> _anySize =
        new("--any-size") { Description = "Let images have different sizes." };
    private readonly Option<int> _threads =
        new("--threads") { Description = "Threads to decode on; 0 takes one for each core." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_path);
        command.Options.Add(_classes);
        command.Options.Add(_anySize);
        command.Options.Add(_threads);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        int? classes = arguments.GetValue(_classes) is { } given ? ModelOptions.AtLeastOne(given, "--classes") : null;
        int threads = ModelOptions.ThreadCount(arguments.GetValue(_threads));
        using RecordSource source = RecordSource.Open(arguments.GetValue(_path)!);
        if (source.Count == 0)
        {
            throw new CaffeException(
                ErrorCodes.SourceUnreadable, FailureKind.Data, $"data base '{source.Path}' holds no records");
        }

        long records = DatabaseVerifier.Verify(source, classes, arguments.GetValue(_anySize), threads);
        terminal.Out.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{source.Path}: all {records} records are sound"));
        return Task.FromResult(ExitCodes.Done);
    }
}
