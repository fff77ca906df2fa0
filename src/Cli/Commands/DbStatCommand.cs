using System.CommandLine;
using System.Globalization;
using System.Text;
using CaffeActors.Data.Sources;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Says what is in a database.</summary>
[Verb("db stat", "Show what is in a database: records, bytes, shapes, labels.",
    "caffeactors db stat data/fashion_mnist_train_lmdb")]
internal sealed class DbStatCommand : VerbCommand
{
    private readonly Argument<string> _path = new("PATH") { Description = "Folder of the database." };

    public override void Define(Command command) => command.Arguments.Add(_path);

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        using RecordSource source = RecordSource.Open(arguments.GetValue(_path)!);
        DatabaseStat stat = DatabaseStat.Collect(source);
        TextWriter result = terminal.Out;
        Line(result, "records", stat.Records);
        Line(result, "key bytes", stat.KeyBytes);
        Line(result, "value bytes", stat.ValueBytes);
        if (stat.Records > 0)
        {
            result.WriteLine($"first key    {Encoding.UTF8.GetString(stat.FirstKey!)}");
            result.WriteLine($"last key     {Encoding.UTF8.GetString(stat.LastKey!)}");
        }

        Line(result, "encoded", stat.Encoded);
        Line(result, "floats", stat.Floats);
        Line(result, "damaged", stat.Damaged);
        foreach (((int channels, int height, int width), long count) in stat.Shapes)
            result.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"shape        {channels}×{height}×{width}: {count}"));
        foreach ((int label, long count) in stat.Labels)
            result.WriteLine(string.Create(CultureInfo.InvariantCulture, $"label {label,6} {count}"));
        return Task.FromResult(ExitCodes.Done);
    }

    private static void Line(TextWriter result, string name, long value) =>
        result.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-12} {value}"));
}
