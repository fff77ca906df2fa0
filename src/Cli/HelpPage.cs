using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace CaffeActors.Cli;

/// <summary>
/// Help as the library lays it out, and below it what it does not know of: an example, and for the program itself
/// all commands and what its exit codes mean.
/// </summary>
internal sealed class HelpPage(HelpAction inner) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        Command command = parseResult.CommandResult.Command;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        // The library calls the program by its file's name, which depends on how it was started.
        using var page = new StringWriter();
        parseResult.InvocationConfiguration.Output = page;
        int code = inner.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = output;
        output.Write(page.ToString().Replace($"  {RootCommand.ExecutableName} ", "  caffeactors ",
            StringComparison.Ordinal));
        if (command is RootCommand)
            TellProgram(output);
        else if (CommandLine.Verbs.FirstOrDefault(entry => $"caffeactors {entry.Verb.Path}"
            == UsageErrors.NameOf(command)).Verb is { } verb)
        {
            if (verb.Notes.Length > 0)
                output.WriteLine($"{verb.Notes}\n");
            output.WriteLine($"Example:\n  {verb.Example}\n");
        }
        return code;
    }

    private static void TellProgram(TextWriter output)
    {
        (VerbAttribute Verb, Type Type)[] grouped =
            [.. CommandLine.Verbs.Where(entry => entry.Verb.Path.Contains(' ', StringComparison.Ordinal))];
        output.WriteLine("Commands of groups:");
        int width = grouped.Max(entry => entry.Verb.Path.Length);
        foreach ((VerbAttribute verb, _) in grouped)
            output.WriteLine($"  {verb.Path.PadRight(width)}  {verb.Description}");
        output.WriteLine("\nExit codes:");
        foreach ((int exitCode, string meaning) in ExitCodes.Meanings)
            output.WriteLine($"  {exitCode,3}  {meaning}");
        output.WriteLine("\nExample:\n  caffeactors train configs/lenet.hocon\n");
    }
}
