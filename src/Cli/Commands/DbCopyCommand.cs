using System.CommandLine;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Sources.Lmdb;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Copies a database, to the other kind where nothing is said.</summary>
[Verb("db copy", "Copy a database: an LMDB to a LevelDB, or a LevelDB to an LMDB.",
    "caffeactors db copy mnist_train_leveldb mnist_train_lmdb")]
internal sealed class DbCopyCommand : VerbCommand
{
    private readonly Argument<string> _source = new("SOURCE") { Description = "Folder of the database." };
    private readonly Argument<string> _target =
        new("TARGET") { Description = "Folder of the copy; it must not exist." };
    private readonly Option<string> _backend =
        new("--backend") { Description = "Kind of the copy: lmdb or leveldb; without it the kind the source is not." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_source);
        command.Arguments.Add(_target);
        command.Options.Add(_backend);
        GlogFlags.AddTo(command);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        DataParameter.Types.DB? wanted =
            arguments.GetValue(_backend) is { } text ? BackendOption.Parse(text) : null;
        using RunLog log = GlogFlags.OpenLog(arguments, terminal.Error, "db-copy");
        using RecordSource source = RecordSource.Open(arguments.GetValue(_source)!);
        DataParameter.Types.DB other =
            source is LmdbSource ? DataParameter.Types.DB.Leveldb : DataParameter.Types.DB.Lmdb;
        long records = DatabaseCopy.Copy(source, arguments.GetValue(_target)!, wanted ?? other);
        log.Info($"Copied {records} records.");
        return Task.FromResult(ExitCodes.Done);
    }
}
