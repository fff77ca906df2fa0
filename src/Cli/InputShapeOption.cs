using System.CommandLine;
using System.Globalization;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cli;

/// <summary>The flag that gives shapes of blobs that a net does not tell.</summary>
internal static class InputShapeOption
{
    /// <summary>Makes the flag, for one command.</summary>
    public static Option<string[]> Make() =>
        new("--input-shape") { Description = "Shape of a blob the net does not tell: NAME=N,C,H,W. Repeatable." };

    /// <summary>What was given, by blob.</summary>
    /// <exception cref="CaffeException">A shape cannot be read.</exception>
    public static IReadOnlyDictionary<string, int[]> Of(ParseResult arguments, Option<string[]> option)
    {
        Dictionary<string, int[]> shapes = [];
        foreach (string text in arguments.GetValue(option) ?? [])
        {
            int equals = text.LastIndexOf('=');
            string[] dims = equals > 0 ? text[(equals + 1)..].Split(',') : [];
            if (dims.Length == 0
                || dims.Any(dim => !int.TryParse(dim, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            {
                throw new CaffeException(ErrorCodes.Usage, FailureKind.Configuration,
                    $"--input-shape takes NAME=N,C,H,W, as in data=64,1,28,28, not '{text}'");
            }

            shapes[text[..equals]] = [.. dims.Select(dim => int.Parse(dim, CultureInfo.InvariantCulture))];
        }

        return shapes;
    }
}
