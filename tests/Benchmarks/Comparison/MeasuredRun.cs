using System.Globalization;
using System.Text.RegularExpressions;

namespace CaffeActors.Benchmarks.Comparison;

/// <summary>What a program told of one run of it.</summary>
/// <param name="Milliseconds">Median of its iterations.</param>
/// <param name="PeakBytes">The most memory it held.</param>
internal sealed partial record MeasuredRun(double Milliseconds, long PeakBytes)
{
    /// <summary>Runs <c>COMMAND NET BATCH ITERATIONS THREADS [infer]</c>.</summary>
    /// <param name="command">The program, and the words that come first.</param>
    /// <param name="net">What it calls the net.</param>
    /// <param name="what">The case.</param>
    /// <param name="threads">Threads it is to use.</param>
    /// <returns>What it told; null where it failed or told no median.</returns>
    public static MeasuredRun? Of(IReadOnlyList<string> command, string net, ComparedCase what, int threads)
    {
        (int code, string output, long peak) = Child.Run([.. command, .. Words(net, what, threads)]);
        return code == 0 && Number(MedianText(), output) is { } median ? new MeasuredRun(median, peak) : null;
    }

    /// <summary>Runs the same with a command that tells <c>scaling X</c>.</summary>
    /// <returns>X; null where it failed or told none.</returns>
    public static double? ScalingOf(IReadOnlyList<string> command, ComparedCase what, int threads)
    {
        (int code, string output, _) = Child.Run([.. command, .. Words(what.Net, what, threads)]);
        return code == 0 ? Number(ScalingText(), output) : null;
    }

    private static List<string> Words(string net, ComparedCase what, int threads)
    {
        List<string> words = [net, Text(what.Batch), Text(what.Iterations), Text(threads)];
        if (what.Infer)
            words.Add("infer");
        return words;
    }

    private static double? Number(Regex pattern, string output) => pattern.Match(output) is { Success: true } match
        ? double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"\bmedian ([0-9.]+) ms")]
    private static partial Regex MedianText();

    [GeneratedRegex(@"\bscaling ([0-9.]+)")]
    private static partial Regex ScalingText();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
