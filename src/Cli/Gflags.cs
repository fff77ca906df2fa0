using System.CommandLine;

namespace CaffeActors.Cli;

/// <summary>Lets Caffe's users keep their command lines: <c>-solver=x</c>, <c>-gpu 0</c>, <c>-noshuffle</c> and
/// <c>-gray=1</c> for Caffe's own commands.</summary>
internal static class Gflags
{
    /// <summary>
    /// Rewrites single-dash flags of Caffe's commands to double-dash ones, underscores and all. A value that begins
    /// with a dash and a digit stays a value.
    /// </summary>
    public static string[] Normalize(string[] args)
    {
        string[] words = [.. args.Where(arg => !arg.StartsWith('-')).Take(2)];
        bool takes = CommandLine.Verbs.Any(entry => entry.Verb.TakesGflags
            && (entry.Verb.Path == words.FirstOrDefault() || entry.Verb.Path == string.Join(' ', words)));
        return takes ? [.. args.Select(Rewrite)] : args;
    }

    /// <summary>Rewrites the forms that gflags has for switches: <c>--nofoo</c>, and <c>--foo=1</c> with the words it
    /// takes for true and false.</summary>
    /// <param name="args">Normalized words.</param>
    /// <param name="root">The commands.</param>
    public static string[] Switches(string[] args, RootCommand root)
    {
        Command command = root;
        foreach (string arg in args.Where(arg => !arg.StartsWith('-')))
        {
            if (command.Subcommands.FirstOrDefault(inner => inner.Name == arg) is not { } next)
                break;
            command = next;
        }

        string[] names = [.. command.Options.OfType<Option<bool>>().Select(option => option.Name)];
        return [.. args.Select(arg => Switch(arg, names))];
    }

    private static string Rewrite(string arg) =>
        arg.Length > 2 && arg[0] == '-' && char.IsAsciiLetter(arg[1]) ? "-" + arg : arg;

    private static string Switch(string arg, string[] names)
    {
        if (arg.StartsWith("--no", StringComparison.Ordinal) && names.Contains("--" + arg[4..]))
            return $"--{arg[4..]}=false";
        int equals = arg.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || !names.Contains(arg[..equals]))
            return arg;
        return arg[(equals + 1)..] switch
        {
            "1" or "t" or "y" or "yes" => arg[..equals] + "=true",
            "0" or "f" or "n" or "no" => arg[..equals] + "=false",
            _ => arg,
        };
    }
}
