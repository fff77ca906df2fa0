using System.CommandLine;
using CaffeActors.Compute.Prototxt.Upgrades;

namespace CaffeActors.Cli;

/// <summary>What Caffe's three upgrade tools have in common: IN and OUT, and the tools' exit codes (0 upgraded or up
/// to date, 1 written but something was lost, 2 the input cannot be read).</summary>
/// <param name="what">What the files hold.</param>
/// <param name="upgrade">Reads the first path, writes the second.</param>
internal abstract class UpgradeCommand(string what, Func<string, string, UpgradeResult> upgrade) : VerbCommand
{
    private readonly Argument<string> _input = new("IN") { Description = $"The {what} to read." };
    private readonly Argument<string> _output =
        new("OUT") { Description = $"The {what} to write; one that is there is replaced." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_input);
        command.Arguments.Add(_output);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        string input = arguments.GetValue(_input)!, output = arguments.GetValue(_output)!;
        UpgradeResult result = upgrade(input, output);
        if (!result.Changed)
            terminal.Error.WriteLine($"'{input}' has today's form already; '{output}' is a copy of it.");
        foreach (UpgradeNotice notice in result.Notices)
        {
            string place = notice.Place is { Path.Length: > 0 } known ? $"{known}: " : "";
            terminal.Error.WriteLine($"{place}{(notice.IsLoss ? "warning: " : "")}{notice.Text}");
        }

        if (result.Changed)
        {
            terminal.Error.WriteLine(result.Lossless
                ? $"The upgraded {what} is in '{output}'."
                : $"The upgraded {what} is in '{output}', but something was lost (see the warnings).");
        }

        return Task.FromResult(result.Lossless ? ExitCodes.Done : ExitCodes.Unexpected);
    }
}
