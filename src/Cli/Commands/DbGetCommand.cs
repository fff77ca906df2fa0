using System.CommandLine;
using System.Globalization;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using Google.Protobuf;

namespace CaffeActors.Cli.Commands;

/// <summary>Shows one record of a database.</summary>
[Verb("db get", "Show one record of a database.",
    "caffeactors db get data/fashion_mnist_train_lmdb 00000000")]
internal sealed class DbGetCommand : VerbCommand
{
    private readonly Argument<string> _path = new("PATH") { Description = "Folder of the database." };
    private readonly Argument<string> _key = new("KEY") { Description = "The record's key." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_path);
        command.Arguments.Add(_key);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string path = arguments.GetValue(_path)!, key = arguments.GetValue(_key)!;
        using RecordSource source = RecordSource.Open(path);
        if (!source.TryGet(Encoding.UTF8.GetBytes(key), out ReadOnlySpan<byte> value))
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data, $"'{path}' has no record '{key}'");
        terminal.Out.WriteLine(Describe(key, value, path));
        return Task.FromResult(ExitCodes.Done);
    }

    private static string Describe(string key, ReadOnlySpan<byte> value, string path)
    {
        try
        {
            Datum datum = Datum.Parser.ParseFrom(value);
            string kind = datum.Encoded ? "encoded image" : datum.Data.Length > 0 ? "bytes" : "floats";
            int size = datum.Data.Length > 0 ? datum.Data.Length : datum.FloatData.Count;
            return string.Create(CultureInfo.InvariantCulture,
                $"{key}: {value.Length} bytes, {datum.Channels}×{datum.Height}×{datum.Width}, {size} {kind}, label "
                + $"{datum.Label}");
        }
        catch (InvalidProtocolBufferException cause)
        {
            throw new CaffeException(
                ErrorCodes.BadRecord, FailureKind.Data, $"record '{key}' of '{path}' is no Datum", null, cause);
        }
    }
}
