using System.CommandLine;
using System.CommandLine.Completions;

namespace CaffeActors.Cli.Completion;

/// <summary>What can be written after the words of a command.</summary>
/// <param name="Path">The words, empty for the program itself.</param>
/// <param name="Commands">The next words: commands, or an argument that is one of a few.</param>
/// <param name="Flags">Its flags.</param>
/// <param name="Values">The values of flags that take one of a few.</param>
internal sealed record CompletionWords(
    string Path, IReadOnlyList<string> Commands, IReadOnlyList<string> Flags,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Values)
{
    /// <summary>The words of a command and of all below it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="path">Its words.</param>
    /// <param name="inherited">Flags of the commands above that hold here too.</param>
    public static IEnumerable<CompletionWords> Of(Command command, string path = "", params Option[] inherited)
    {
        Option[] options = [.. command.Options.Where(option => !option.Hidden), .. inherited];
        yield return new CompletionWords(
            path,
            [
                .. command.Subcommands.Where(inner => !inner.Hidden).Select(inner => inner.Name)
                    .Concat(command.Arguments.SelectMany(argument => argument.GetCompletions(CompletionContext.Empty))
                        .Select(item => item.Label)).Order(StringComparer.Ordinal),
            ],
            [.. options.Select(option => option.Name).Distinct().Order(StringComparer.Ordinal)],
            options.DistinctBy(option => option.Name).Select(option => (option.Name, Values: ValuesOf(option)))
                .Where(option => option.Values.Count > 0).ToDictionary(option => option.Name, option => option.Values));
        Option[] below = [.. options.Where(option => option.Recursive)];
        foreach (Command inner in command.Subcommands.Where(inner => !inner.Hidden))
        {
            foreach (CompletionWords words in Of(inner, path.Length == 0 ? inner.Name : $"{path} {inner.Name}", below))
                yield return words;
        }
    }

    // A switch needs no value.
    private static IReadOnlyList<string> ValuesOf(Option option) => option.ValueType == typeof(bool) ? []
        : [.. option.GetCompletions(CompletionContext.Empty).Select(item => item.Label).Order(StringComparer.Ordinal)];
}
