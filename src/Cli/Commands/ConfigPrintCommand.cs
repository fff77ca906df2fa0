using System.CommandLine;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;

namespace CaffeActors.Cli.Commands;

/// <summary>Prints a run configuration as the program reads it.</summary>
[Verb("config print", "Print a run configuration as it is read: includes, substitutions and overrides in their place.",
    "caffeactors config print configs/lenet.hocon --resolved --origin", Notes = """
    What is printed is a run configuration again, and means the same. Without --resolved it has the keys
    that the file, what it includes and --set give a value; with it, those that have their default too.
    With --origin each value is followed by the file, line and column it was written at; reference.conf is
    the program's own file of defaults.
    """)]
internal sealed class ConfigPrintCommand : VerbCommand
{
    private readonly Argument<string> _file = new("CONFIG") { Description = "Run configuration (.hocon)." };
    private readonly Option<bool> _resolved =
        new("--resolved") { Description = "Print every key, those that have their default too." };
    private readonly Option<bool> _origin =
        new("--origin") { Description = "Say after each value where it was written." };
    private readonly Option<string[]> _set =
        new("--set") { Description = "Set a key of the configuration: path=value. Repeatable." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_file);
        command.Options.Add(_resolved);
        command.Options.Add(_origin);
        command.Options.Add(_set);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        HoconObject values = SettingsReader.ReadFile(
            arguments.GetValue(_file)!, arguments.GetValue(_set) ?? [], terminal.Environment).Resolved;
        if (!arguments.GetValue(_resolved))
            values = values.WrittenOutside(SettingsReader.ReferenceName);
        terminal.Out.Write(values.Render(arguments.GetValue(_origin)));
        return Task.FromResult(ExitCodes.Done);
    }
}
