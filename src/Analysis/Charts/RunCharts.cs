using System.Globalization;
using CaffeActors.Analysis.Comparison;
using CaffeActors.Analysis.Queries;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Charts;

/// <summary>Charts of the runs of a database, a line for each.</summary>
/// <param name="Database">The runs.</param>
/// <param name="SmoothingWeight">How much the training loss, and metrics drawn by name, are smoothed, 0 (not at all) to
/// less than 1. Tests are few and rates exact: they stay as they are.</param>
public sealed record RunCharts(MetricDatabase Database, double SmoothingWeight)
{
    private readonly Dictionary<string, MetricKey[]> _metrics = Metrics(Database);
    private readonly RunClocks _clocks = RunClocks.Of(Database);

    /// <summary>One of Caffe's charts; null where no run has what it shows.</summary>
    /// <param name="kind">Which.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1502: a part file is damaged.</exception>
    public Chart? Of(ChartKind kind) => Of(kind.Title, kind.OverSeconds,
        kind.Quantity == ChartQuantity.TrainLoss ? SmoothingWeight : 0,
        run => QuantityChoice.Of(kind.Quantity, _metrics.GetValueOrDefault(run.Manifest.RunId, [])));

    /// <summary>The chart of a metric; null where no run has values of it.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="overSeconds">Whether it is drawn over seconds of training instead of iterations.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1502: a part file is damaged.</exception>
    public Chart? Of(MetricKey metric, bool overSeconds) =>
        Of(metric.ToString(), overSeconds, SmoothingWeight, _ => metric);

    private Chart? Of(string what, bool overSeconds, double smoothing, Func<RunRecord, MetricKey?> choose)
    {
        List<ChartLine> lines = [];
        Dictionary<MetricKey, IReadOnlyDictionary<string, MetricCurve>> curves = [];
        foreach (RunRecord run in Database.Runs)
        {
            if (choose(run) is not { } metric)
                continue;
            if (!curves.TryGetValue(metric, out IReadOnlyDictionary<string, MetricCurve>? ofRuns))
                curves[metric] = ofRuns = MetricCurve.ReadAll(Database, _clocks, metric);
            if (ofRuns.TryGetValue(run.Manifest.RunId, out MetricCurve? curve))
                lines.Add(new(LabelOf(run), overSeconds ? curve.Seconds : curve.Steps, curve.Values));
        }

        string title = char.ToUpper(what[0], CultureInfo.InvariantCulture) + what[1..];
        return lines.Count == 0 ? null : new(lines.Count == 1 ? $"{title}: {lines[0].Label}" : title,
            overSeconds ? "seconds" : "iterations", what, lines, smoothing);
    }

    // A name that several runs have tells none of them.
    private string LabelOf(RunRecord run) =>
        Database.Runs.Count(other => other.Manifest.Name == run.Manifest.Name) == 1
            ? run.Manifest.Name : $"{run.Manifest.Name} {run.Manifest.RunId}";

    private static Dictionary<string, MetricKey[]> Metrics(MetricDatabase database)
    {
        using QueryResult result = database.Query("""
            SELECT run_id, split, name FROM recorded WHERE split = 'train' OR starts_with(split, 'test')
            GROUP BY run_id, split, name ORDER BY length(split), split, name
            """);
        return result.Rows().Select(row => (Run: (string)row[0]!, Key: new MetricKey((string)row[1]!, (string)row[2]!)))
            .GroupBy(row => row.Run).ToDictionary(run => run.Key, run => run.Select(row => row.Key).ToArray());
    }
}
