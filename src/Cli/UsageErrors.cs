using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli;

/// <summary>What is wrong with a command line, in one line that says what was meant.</summary>
internal static class UsageErrors
{
    /// <summary>The first thing wrong with a command line, or null.</summary>
    public static string? Of(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (Asks<HelpOption>(parsed) || Asks<VersionOption>(parsed))
            return null;
        // A misspelt flag of a command with arguments is parsed as one of them.
        string? flag = Positional(parsed).Concat(parsed.UnmatchedTokens).FirstOrDefault(IsFlag);
        if (flag is not null)
            return UnknownFlag(flag, parsed.CommandResult);
        if (command.Subcommands.Count > 0)
            return UnknownCommand(parsed, command);
        if (parsed.UnmatchedTokens.Count > 0)
        {
            return $"'{NameOf(command)}' takes {command.Arguments.Count} argument(s); '{parsed.UnmatchedTokens[0]}' is "
                + "one too many";
        }

        return parsed.Errors.Count > 0 ? Reworded(parsed.Errors[0]) : EmptyValue(parsed);
    }

    /// <summary>The words of a command, as users type them.</summary>
    public static string NameOf(Command command)
    {
        Command? parent = command.Parents.OfType<Command>().FirstOrDefault();
        return parent is null ? "caffeactors" : $"{NameOf(parent)} {command.Name}";
    }

    private static bool Asks<T>(ParseResult parsed)
        where T : Option => parsed.CommandResult.Children.OfType<OptionResult>().Any(result => result.Option is T);

    private static IEnumerable<string> Positional(ParseResult parsed) => parsed.CommandResult.Children
        .OfType<ArgumentResult>().SelectMany(result => result.Tokens).Select(token => token.Value);

    // As scripts write whose variables are not set. ROOTFOLDER/, put before paths, may well be empty.
    private static string? EmptyValue(ParseResult parsed)
    {
        foreach (SymbolResult result in parsed.CommandResult.Children)
        {
            string? name = result switch
            {
                ArgumentResult argument when !argument.Argument.Name.EndsWith('/') => argument.Argument.Name,
                OptionResult { Option.Required: true } option => option.Option.Name,
                _ => null,
            };
            if (name is not null && result.Tokens.Any(token => token.Value.Length == 0))
                return $"{name} is given, but empty";
        }

        return null;
    }

    private static bool IsFlag(string token) =>
        token.Length > 1 && token[0] == '-' && (token[1] == '-' || char.IsAsciiLetter(token[1]));

    private static string UnknownFlag(string token, CommandResult result)
    {
        string flag = token.Split('=')[0];
        List<string> known = [];
        for (CommandResult? at = result; at is not null; at = at.Parent as CommandResult)
        {
            known.AddRange(at.Command.Options
                .Where(option => at == result || option.Recursive)
                .SelectMany(option => option.Aliases.Append(option.Name)));
        }

        return $"'{NameOf(result.Command)}' has no flag '{flag}'{DidYouMean(flag, known)}";
    }

    private static string UnknownCommand(ParseResult parsed, Command group)
    {
        string name = NameOf(group);
        string known = string.Join(", ", group.Subcommands.Select(command => command.Name).Order());
        if (parsed.UnmatchedTokens.Count == 0)
            return $"'{name}' needs a command: {known}";
        string word = parsed.UnmatchedTokens[0];
        // The right word may stand a level lower: 'summary' for 'net summary'.
        string? inner = group.Subcommands
            .SelectMany(command => command.Subcommands)
            .FirstOrDefault(command => command.Name == word) is { } found ? NameOf(found)[(name.Length + 1)..] : null;
        string hint = inner is null
            ? DidYouMean(word, group.Subcommands.Select(command => command.Name))
            : $"; did you mean '{inner}'?";
        return $"'{name}' has no command '{word}'{(hint.Length > 0 ? hint : $"; it has {known}")}";
    }

    private static string DidYouMean(string written, IEnumerable<string> known) =>
        Nearest.Of(written, known) is { } near ? $"; did you mean '{near}'?" : "";

    private static string Reworded(ParseError error)
    {
        if (error.SymbolResult is OptionResult { Tokens: [var token, ..] } option
            && error.Message.Contains("System.", StringComparison.Ordinal))
        {
            return $"{option.Option.Name} takes {Wanted(option.Option.ValueType)}, not '{token.Value}'";
        }

        if (error.SymbolResult is ArgumentResult { Tokens: [var word, ..], Argument: var argument }
            && error.Message.Contains("System.", StringComparison.Ordinal))
        {
            return $"{argument.Name} takes {Wanted(argument.ValueType)}, not '{word.Value}'";
        }

        return error.Message.TrimEnd('.');
    }
    private static string Wanted(Type type) => type == typeof(int) ? "an integer" : "another kind of value";
}
