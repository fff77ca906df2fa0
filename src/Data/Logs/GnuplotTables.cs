using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CaffeActors.Data.Logs;

/// <summary>
/// Caffe's <c>parse_log.sh</c>: a log as two tables that gnuplot reads, aligned by blanks under a line that begins with
/// <c>#</c>. Train: a row for each line with <c>, loss = </c>, the rate being empty where the log tells none of that
/// iteration, as at the end. Test: a row for each <c>Testing net</c>, with the outputs #0 and #1. Values stand as the
/// log has them. The script counts words; here names decide, so longer lines do no harm.
/// </summary>
/// <param name="Train">The training table.</param>
/// <param name="Test">The test table.</param>
public sealed partial record GnuplotTables(string Train, string Test)
{
    private const string TrainHead = "#Iters Seconds TrainingLoss LearningRate";
    private const string TestHead = "#Iters Seconds TestAccuracy TestLoss";

    /// <summary>Reads a log; time runs from its first line with <c>] Solving</c>.</summary>
    /// <param name="log">The log.</param>
    /// <param name="year">The year it begins in, for dates without one; it steps where a month is less than the
    /// last.</param>
    public static GnuplotTables Parse(TextReader log, int year)
    {
        List<string[]> train = [], test = [];
        DateTime? start = null;
        DateTime last = default;
        while (log.ReadLine() is { } line)
        {
            if (!LogTime.TryFollow(line, ref year, start is null ? null : last, out DateTime time))
                continue;
            last = time;
            if (line.Contains("] Solving ", StringComparison.Ordinal))
                start ??= last;
            if (start is { } began)
                Read(line, (last - began).TotalSeconds.ToString("F6", CultureInfo.InvariantCulture), train, test);
        }

        return new(Format(TrainHead, train), Format(TestHead, test));
    }

    private static void Read(string line, string seconds, List<string[]> train, List<string[]> test)
    {
        if (Testing().Match(line) is { Success: true } testing)
            test.Add([testing.Groups[1].Value, seconds, "", ""]);
        else if (Loss().Match(line) is { Success: true } loss)
            train.Add([loss.Groups[1].Value, seconds, loss.Groups[2].Value, ""]);
        else if (Rate().Match(line) is { Success: true } rate && train.Count > 0
            && train[^1][0] == rate.Groups[1].Value)
            train[^1][3] = rate.Groups[2].Value;
        else if (TestOutput().Match(line) is { Success: true } output && test.Count > 0)
            test[^1][output.Groups[1].Value == "0" ? 2 : 3] = output.Groups[2].Value;
    }

    private static string Format(string head, List<string[]> rows)
    {
        var text = new StringBuilder(head).Append('\n');
        int[] widths =
            [.. Enumerable.Range(0, 4).Select(i => rows.Select(row => row[i].Length).DefaultIfEmpty().Max())];
        foreach (string[] row in rows)
            text.Append(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd()).Append('\n');
        return text.ToString();
    }

    [GeneratedRegex(@"Iteration (\d+), Testing net", RegexOptions.CultureInvariant)]
    private static partial Regex Testing();

    [GeneratedRegex(@"Iteration (\d+).*, loss = (\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Loss();

    [GeneratedRegex(@"Iteration (\d+).*, lr = ([^\s,]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Rate();

    [GeneratedRegex(@"Test net output #([01]): \S+ = (\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex TestOutput();
}
