namespace CaffeActors.Cli;

/// <summary>Lets Caffe's users keep their command lines: <c>-solver=x</c> and <c>-gpu 0</c> for Caffe's own
/// commands.</summary>
internal static class Gflags
{
    /// <summary>
    /// Rewrites single-dash flags of Caffe's commands to double-dash ones, underscores and all. A value that begins
    /// with a dash and a digit stays a value; <c>-nofoo</c> is not known to Caffe's flags and not rewritten.
    /// </summary>
    public static string[] Normalize(string[] args)
    {
        string[] words = [.. args.Where(arg => !arg.StartsWith('-')).Take(2)];
        bool takes = CommandLine.Verbs.Any(entry => entry.Verb.TakesGflags
            && (entry.Verb.Path == words.FirstOrDefault() || entry.Verb.Path == string.Join(' ', words)));
        return takes ? [.. args.Select(Rewrite)] : args;
    }

    private static string Rewrite(string arg) =>
        arg.Length > 2 && arg[0] == '-' && char.IsAsciiLetter(arg[1]) ? "-" + arg : arg;
}
