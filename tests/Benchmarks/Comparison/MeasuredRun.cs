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
        List<string> words = [net, Text(what.Batch), Text(what.Iterations), Text(threads)];
        if (what.Infer)
            words.Add("infer");
        (int code, string output, long peak) = Child.Run([.. command, .. words]);
        Match median = MedianText().Match(output);
        return code == 0 && median.Success
            ? new MeasuredRun(double.Parse(median.Groups[1].ValueSpan, CultureInfo.InvariantCulture), peak)
            : null;
    }

    [GeneratedRegex(@"\bmedian ([0-9.]+) ms")]
    private static partial Regex MedianText();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
