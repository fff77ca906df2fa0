using System.Text.RegularExpressions;
using CaffeActors.Analysis.Queries;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Analysis.Comparison;

/// <summary>What is measured: a split and a name.</summary>
/// <param name="Split">train, test0, test1, ..., system or layer.</param>
/// <param name="Name">The metric's name.</param>
public sealed partial record MetricKey(string Split, string Name)
{
    /// <summary>SPLIT/NAME.</summary>
    public override string ToString() => $"{Split}/{Name}";

    /// <summary>
    /// The metric a user names: NAME, or SPLIT/NAME. A name that several splits have means train's, else that of the
    /// first test net, else system's, else layer's.
    /// </summary>
    /// <param name="database">The runs looked at.</param>
    /// <param name="text">What the user wrote.</param>
    /// <exception cref="CaffeException">CFA1802: no run has it; CFA1502: a part file is damaged.</exception>
    public static MetricKey Find(MetricDatabase database, string text)
    {
        string condition = $"name = {SqlText.Of(text)}";
        MetricKey? exact = SplitAndName().Match(text) is { Success: true } match
            ? new(match.Groups[1].Value, match.Groups[2].Value) : null;
        if (exact is not null)
            condition += $" OR (split = {SqlText.Of(exact.Split)} AND name = {SqlText.Of(exact.Name)})";
        MetricKey[] found = [.. All(database, condition)];
        return found.FirstOrDefault(key => key == exact) ?? found.FirstOrDefault() ?? throw Unknown(database, text);
    }

    /// <summary>All metrics of the runs looked at: by split in the order above, then by name.</summary>
    /// <param name="database">The runs looked at.</param>
    /// <exception cref="CaffeException">CFA1502: a part file is damaged.</exception>
    public static IReadOnlyList<MetricKey> All(MetricDatabase database) => [.. All(database, "true")];

    private static IEnumerable<MetricKey> All(MetricDatabase database, string condition)
    {
        using QueryResult result = database.Query(
            $"SELECT split, name FROM recorded WHERE {condition} GROUP BY ALL ORDER BY name");
        return [.. result.Rows().Select(row => new MetricKey((string)row[0]!, (string)row[1]!)).OrderBy(RankOf)];
    }

    private static long RankOf(MetricKey key) => key.Split switch
    {
        MetricNames.Train => -1,
        MetricNames.System => long.MaxValue - 1,
        MetricNames.Layer => long.MaxValue,
        _ => TestNumber().Match(key.Split) is { Success: true } match && int.TryParse(match.ValueSpan, out int number)
            ? number : int.MaxValue,
    };

    private static CaffeException Unknown(MetricDatabase database, string text)
    {
        IReadOnlyList<MetricKey> all = All(database);
        string hint = all.Count == 0 ? "no run looked at has metrics"
            : Nearest.Of(text, all.SelectMany(key => new[] { key.Name, key.ToString() })) is { } near
                ? $"did you mean '{near}'?"
                : "'metrics show' lists what a run has";
        return new(ErrorCodes.UnknownMetric, FailureKind.Configuration,
            $"no run looked at has a metric '{text}'; {hint}");
    }

    [GeneratedRegex("^(train|test[0-9]+|system|layer)/(.+)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex SplitAndName();

    [GeneratedRegex("(?<=^test)[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex TestNumber();
}
