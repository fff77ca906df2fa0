using System.Globalization;
using System.Text.RegularExpressions;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Data.Logs;

/// <summary>
/// Reads all that a training log tells as metric rows, under the names our runs write: losses, rates, outputs and
/// tests. Other than Caffe's parsers, it keeps NaN and infinities, tells test nets apart, and reads on where a run was
/// resumed. A start begins at a line that says <c>Solving</c>; its step is that of the solver state it restores.
/// </summary>
public sealed partial class LoggedRunReader
{
    private readonly List<LoggedSegment> _segments = [];
    private readonly List<(string Name, double Value, DateTimeOffset Time)> _outputs = [];
    private List<MetricRow> _rows = [];
    private string _split = MetricNames.Train;
    private string _netName = "";
    private long _iteration;
    private bool _finished;

    private LoggedRunReader()
    {
    }

    /// <summary>Reads a log; null where no line says <c>Solving</c>.</summary>
    /// <param name="log">The log.</param>
    /// <param name="year">The year it begins in, for dates without one; it steps where a month is less than the
    /// last.</param>
    public static LoggedRun? Read(TextReader log, int year)
    {
        var reader = new LoggedRunReader();
        DateTime? last = null;
        while (log.ReadLine() is { } line)
        {
            if (!LogTime.TryFollow(line, ref year, last, out DateTime time))
                continue;
            last = time;
            reader.Add(line, new DateTimeOffset(time, TimeSpan.Zero));
        }

        reader.CloseOutputs();
        return reader._segments.Count == 0 ? null
            : new(reader._netName, reader._finished, reader._iteration, reader._segments);
    }

    private void Add(string line, DateTimeOffset time)
    {
        if (Output().Match(line) is { Success: true } output && _segments.Count > 0)
        {
            if (output.Groups[1].Value == "Train")
                _split = MetricNames.Train;
            if (TryNumber(output.Groups[3].ValueSpan, out double value))
                _outputs.Add((output.Groups[2].Value, value, time));
            return;
        }

        CloseOutputs();
        if (Solving().Match(line) is { Success: true } solving)
        {
            _netName = solving.Groups[1].Value;
            _rows = [];
            _segments.Add(new(0, time, _rows));
            (_iteration, _finished, _split) = (0, false, MetricNames.Train);
        }
        else if (_segments.Count > 0)
        {
            AddToSegment(line, time);
        }
    }

    private void AddToSegment(string line, DateTimeOffset time)
    {
        if (Restoring().Match(line) is { Success: true } restoring && _rows.Count == 0)
            _segments[^1] = _segments[^1] with { Step = _iteration = Whole(restoring) };
        else if (Testing().Match(line) is { Success: true } testing)
            (_iteration, _split) = (Whole(testing), MetricNames.Test(int.Parse(
                testing.Groups[2].ValueSpan, CultureInfo.InvariantCulture)));
        else if (Loss().Match(line) is { Success: true } loss)
            AddAt(Whole(loss), "loss", loss.Groups[2].ValueSpan, time);
        else if (Rate().Match(line) is { Success: true } rate)
            AddAt(Whole(rate), "lr", rate.Groups[2].ValueSpan, time);
        else if (TestLoss().Match(line) is { Success: true } total)
            AddValue("total_loss", total.Groups[1].ValueSpan, time);
        else
            _finished |= line.Contains("] Optimization Done.", StringComparison.Ordinal);
    }

    private void AddAt(long iteration, string name, ReadOnlySpan<char> value, DateTimeOffset time)
    {
        (_iteration, _split) = (iteration, MetricNames.Train);
        AddValue(name, value, time);
    }

    private void AddValue(string name, ReadOnlySpan<char> value, DateTimeOffset time)
    {
        if (TryNumber(value, out double number))
            _rows.Add(Row(_split, name, number, time));
    }

    // Elements of one output have one name in a log, and a number each in metrics.
    private void CloseOutputs()
    {
        Dictionary<string, int> counts = _outputs.CountBy(output => output.Name).ToDictionary();
        Dictionary<string, int> seen = [];
        foreach ((string output, double value, DateTimeOffset time) in _outputs)
        {
            string name = _split == MetricNames.Train && output is "loss" ? "output/loss" : output;
            int place = seen[output] = seen.GetValueOrDefault(output, -1) + 1;
            _rows.Add(Row(_split, counts[output] == 1 ? name : $"{name}[{place}]", value, time));
        }

        _outputs.Clear();
    }

    private MetricRow Row(string split, string name, double value, DateTimeOffset time) =>
        new(_iteration, null, split, name, value, time, 0, _segments.Count - 1);

    private static long Whole(Match match) => long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    private static bool TryNumber(ReadOnlySpan<char> text, out double number)
    {
        ReadOnlySpan<char> size = text.TrimStart('-');
        number = size.Equals("nan", StringComparison.OrdinalIgnoreCase) ? double.NaN
            : !size.Equals("inf", StringComparison.OrdinalIgnoreCase) ? 0
            : size.Length < text.Length ? double.NegativeInfinity : double.PositiveInfinity;
        return number != 0
            || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }

    [GeneratedRegex(@"\] Solving (.*?)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Solving();

    [GeneratedRegex(@"\] Restoring previous solver status from .*_iter_(\d{1,18})\.solverstate",
        RegexOptions.CultureInvariant)]
    private static partial Regex Restoring();

    [GeneratedRegex(@"\] Iteration (\d{1,18}), Testing net \(#(\d{1,6})\)", RegexOptions.CultureInvariant)]
    private static partial Regex Testing();

    [GeneratedRegex(@"\] Iteration (\d{1,18})(?: \([^)]*\))?, loss = (\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Loss();

    [GeneratedRegex(@"\] Iteration (\d{1,18}), lr = ([^\s,]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Rate();

    [GeneratedRegex(@"\] Test loss: (\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex TestLoss();

    [GeneratedRegex(@"\]\s+(Train|Test) net output #\d+: (\S+) = (\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Output();
}
