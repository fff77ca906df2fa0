using System.Globalization;
using System.Text.RegularExpressions;

namespace CaffeActors.Data.Logs;

/// <summary>
/// Reads a training log of Caffe's, or ours, by the rules of Caffe's <c>parse_log.py</c>: what it passes over is
/// passed over here, what it repeats is repeated. The one addition is glog's newer date with the year.
/// </summary>
public static partial class CaffeLogParser
{
    private const string NameGroup = "name";
    private const string NumberGroup = "number";

    /// <summary>
    /// Reads a log. Time runs from the first line that says <c>Solving</c>; a log without one has no rows. Nothing
    /// counts before the first <c>Iteration</c> after it, nor lines without a time. Outputs that are no plain number,
    /// <c>nan</c> and <c>inf</c> among them, are passed over.
    /// </summary>
    /// <param name="log">The log.</param>
    /// <param name="year">The year it begins in, for dates without one; it steps where a month is less than the
    /// last.</param>
    public static CaffeLog Parse(TextReader log, int year)
    {
        var train = new LogTableBuilder();
        var test = new LogTableBuilder();
        if (!TryFindStart(log, year, out DateTime start))
            return new(train.ToTable(), test.ToTable());
        DateTime last = start;
        double iteration = -1;
        double rate = double.NaN;
        while (log.ReadLine() is { } line)
        {
            iteration = NumberIn(Iteration().Match(line)) ?? iteration;
            if (iteration < 0 || !LogTime.TryFollow(line, ref year, last, out DateTime time))
                continue;
            last = time;
            double seconds = (last - start).Ticks / TimeSpan.TicksPerMicrosecond / 1e6;
            rate = NumberIn(Rate().Match(line)) ?? rate;
            if (TrainOutput().Match(line) is var trained && NumberIn(trained) is { } trainValue)
                train.Add(iteration, seconds, rate, trained.Groups[NameGroup].Value, trainValue);
            if (TestOutput().Match(line) is var tested && NumberIn(tested) is { } testValue)
                test.Add(iteration, seconds, rate, tested.Groups[NameGroup].Value, testValue);
        }

        return new(train.ToTable(), test.ToTable());
    }

    private static bool TryFindStart(TextReader log, int year, out DateTime start)
    {
        while (log.ReadLine() is { } line)
        {
            if (!line.Contains("Solving", StringComparison.Ordinal) || !LogTime.TryParse(line, year, out LogTime time))
                continue;
            start = time.Time;
            return true;
        }

        start = default;
        return false;
    }

    private static double? NumberIn(Match match) =>
        match.Success && double.TryParse(
            match.Groups[NumberGroup].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : null;

    [GeneratedRegex("Iteration (?<number>[0-9]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Iteration();

    [GeneratedRegex(@"lr = (?<number>[-+]?[0-9]*\.?[0-9]+(?:[eE]?[-+]?[0-9]+)?)", RegexOptions.CultureInvariant)]
    private static partial Regex Rate();

    [GeneratedRegex(@"Train net output #[0-9]+: (?<name>\S+) = (?<number>[.0-9eE+-]+)", RegexOptions.CultureInvariant)]
    private static partial Regex TrainOutput();

    [GeneratedRegex(@"Test net output #[0-9]+: (?<name>\S+) = (?<number>[.0-9eE+-]+)", RegexOptions.CultureInvariant)]
    private static partial Regex TestOutput();
}
