using System.CommandLine;
using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Makes a folder to begin with.</summary>
[Verb("init", "Make a folder to begin with: configuration, solver, net and data that train in seconds.",
    "caffeactors init shapes", Notes = """
    The data are drawn, not downloaded: 5,000 small images of discs, squares, triangles and crosses. Then
    'caffeactors train NAME/NAME.hocon' trains the net to more than 95 % of the test images.
    """)]
internal sealed class InitCommand : VerbCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The folder to make; it must not exist." };

    public override void Define(Command command) => command.Arguments.Add(_name);

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string configuration = StarterProject.Write(arguments.GetValue(_name)!);
        terminal.Out.WriteLine($"'{Path.GetDirectoryName(configuration)}' is made. Now:");
        terminal.Out.WriteLine($"  caffeactors train {configuration}");
        return Task.FromResult(ExitCodes.Done);
    }
}
