using System.Globalization;
using CaffeActors.Analysis.Charts;
using CaffeActors.Analysis.Comparison;
using CaffeActors.Analysis.Queries;
using CaffeActors.Analysis.Runs;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Analysis.Reports;

/// <summary>Makes a report of what a run measured and what lies in its folder.</summary>
public sealed class ReportBuilder
{
    // More points than a screen has columns are not seen.
    private const int MostPoints = 1500;
    private const double Mebibyte = 1024 * 1024;

    private readonly MetricDatabase _database;
    private readonly RunClocks _clocks;
    private readonly IReadOnlyList<MetricKey> _metrics;
    private readonly RunRecord _run;
    private readonly RunRecord? _before;
    private readonly (string Name, string Text, string Before)[] _files;

    private ReportBuilder(MetricDatabase database)
    {
        _database = database;
        _clocks = RunClocks.Of(database);
        _metrics = MetricKey.All(database);
        _run = database.Runs[0];
        _before = database.Runs.Skip(1).FirstOrDefault();
        _files = [.. ((string[])[RunDirectory.ConfigName, RunDirectory.SolverName, RunDirectory.NetName])
            .Select(name => (name, TextOf(_run, name), _before is null ? "" : TextOf(_before, name)))
            .Where(file => file.Item2.Length > 0)];
    }

    /// <summary>Makes the report of the first run of a database, compared with the second where there is one.</summary>
    /// <param name="database">The runs, one or two.</param>
    /// <param name="net">What was found out about the trained net; null where nobody looked.</param>
    /// <exception cref="Compute.Diagnostics.CaffeException">CFA1502: a part file is damaged.</exception>
    public static RunReport Build(MetricDatabase database, ReportNet? net)
    {
        var builder = new ReportBuilder(database);
        return new(builder._run, builder._before, [.. builder.Facts()], [.. builder.Charts()], builder.Layers(),
            builder._files, net);
    }

    /// <summary>The run to compare one with: the newest of the same name that is older.</summary>
    /// <param name="run">The run.</param>
    /// <param name="runs">All runs, newest first.</param>
    public static RunRecord? RunBefore(RunRecord run, IReadOnlyList<RunRecord> runs) =>
        runs.SkipWhile(other => other.Manifest.RunId != run.Manifest.RunId).Skip(1)
            .FirstOrDefault(other => other.Manifest.Name == run.Manifest.Name);

    private IEnumerable<ReportFact> Facts()
    {
        yield return Fact("State", run => RunTable.StateOf(run));
        yield return Fact("Iterations", run => Number(run.Manifest.LastIteration));
        foreach ((string name, MetricKey? metric, string pick) in (IEnumerable<(string, MetricKey?, string)>)[
            ("Best accuracy", QuantityChoice.Of(ChartQuantity.TestAccuracy, _metrics), "max(value)"),
            ("Least test loss", QuantityChoice.Of(ChartQuantity.TestLoss, _metrics), "min(value)"),
            ("Training loss", new MetricKey(MetricNames.Train, "loss"), "arg_max(value, step)"),
            ("Images a second", new MetricKey(MetricNames.Train, "images_per_second"), "median(value)")])
        {
            if (metric is not null && FactOf(name, metric, pick) is { } fact)
                yield return fact;
        }

        yield return Fact("Training time", run => Duration(SecondsOf(run)));
        yield return Fact("Starts", run => Number(run.Manifest.Segments.Count));
        yield return Fact("Seed", run => run.Manifest.Seed.ToString(CultureInfo.InvariantCulture));
        yield return Fact("Begun", run => run.Manifest.Created.UtcDateTime.ToString(
            "yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));
        yield return Fact("Program", run => run.Manifest.ProgramVersion);
    }

    private ReportFact Fact(string name, Func<RunRecord, string> value) =>
        new(name, value(_run), _before is null ? "" : value(_before));

    private ReportFact? FactOf(string name, MetricKey metric, string pick)
    {
        using QueryResult result = _database.Query($"SELECT run_id, {pick} FROM metrics WHERE split = "
            + $"{SqlText.Of(metric.Split)} AND name = {SqlText.Of(metric.Name)} AND NOT isnan(value) GROUP BY run_id");
        Dictionary<string, double> values =
            result.Rows().ToDictionary(row => (string)row[0]!, row => (double)row[1]!);
        return !values.ContainsKey(_run.Manifest.RunId) ? null : Fact(name,
            run => values.TryGetValue(run.Manifest.RunId, out double value)
                ? value.ToString("G5", CultureInfo.InvariantCulture) : "");
    }

    private double SecondsOf(RunRecord run)
    {
        using QueryResult result = _database.Query("SELECT segment, epoch_us(max(wall_time)) FROM metrics "
            + $"WHERE run_id = {SqlText.Of(run.Manifest.RunId)} GROUP BY segment");
        return result.Rows().Select(row => _clocks.SecondsAt(run.Manifest.RunId, (int)row[0]!, (long)row[1]!))
            .DefaultIfEmpty(0).Max();
    }

    private IEnumerable<ReportChart> Charts()
    {
        ReportChart?[] charts =
        [
            Chart("Training loss", "", [("training loss", new(MetricNames.Train, "loss"))]),
            .. TestCharts(),
            Chart("Learning rate", "", [("rate", new(MetricNames.Train, "lr"))]),
            Chart("Throughput", "images/s", [("images a second", new(MetricNames.Train, "images_per_second"))]),
            WaitShare(),
            Chart("Memory", "MiB", [
                ("resident", new(MetricNames.System, MetricNames.ResidentBytes)),
                ("managed heap", new(MetricNames.System, MetricNames.ManagedBytes))], 1 / Mebibyte),
            .. RestOfTraining(),
        ];
        return charts.OfType<ReportChart>();
    }

    // A chart for each output's name, with a line for each test net that has it.
    private IEnumerable<ReportChart?> TestCharts() =>
        from key in _metrics
        where MetricNames.IsTest(key.Split)
        group key by key.Name into nets
        orderby !nets.Key.Contains("accuracy", StringComparison.OrdinalIgnoreCase)
        select Chart(nets.Count() == 1 ? $"Test {nets.Key}" : $"Tests {nets.Key}", "",
            [.. nets.Select(key => (key.Split, key))]);

    private IEnumerable<ReportChart?> RestOfTraining() =>
        from key in _metrics
        where key.Split == MetricNames.Train && key.Name is not ("loss" or "lr" or "images_per_second" or "output/loss")
        select Chart($"Training {key.Name}", "", [(key.Name, key)]);

    private ReportChart? Chart(
        string title, string unit, IReadOnlyList<(string Label, MetricKey Metric)> lines, double factor = 1)
    {
        List<ReportLine> drawn = [];
        foreach ((string label, MetricKey metric) in lines)
        {
            if (!_metrics.Contains(metric))
                continue;
            IReadOnlyDictionary<string, MetricCurve> curves = MetricCurve.ReadAll(_database, _clocks, metric);
            foreach (RunRecord run in _database.Runs)
            {
                if (!curves.TryGetValue(run.Manifest.RunId, out MetricCurve? curve))
                    continue;
                MetricCurve thin = CurveThinning.Thin(curve, MostPoints);
                drawn.Add(new(run == _run ? label : $"{label}, run before", run != _run, thin.Steps, thin.Seconds,
                    factor == 1 ? thin.Values : [.. thin.Values.Select(value => value * factor)]));
            }
        }

        return drawn.Any(line => !line.IsEarlier) ? new(title, unit, drawn) : null;
    }

    // Of what an iteration takes, how much its net waits for data: of all data layers together.
    private ReportChart? WaitShare()
    {
        using QueryResult result = _database.Query("""
            SELECT step, max(segment), epoch_us(max(wall_time)),
              100 * sum(value) FILTER (starts_with(name, 'data_wait_ms/')) / sum(value)
            FROM metrics WHERE rank = 0 AND (starts_with(name, 'data_wait_ms/') OR split = 'layer')
              AND run_id =
            """ + $" {SqlText.Of(_run.Manifest.RunId)} GROUP BY step HAVING sum(value) > 0 ORDER BY step");
        List<double> steps = [], seconds = [], values = [];
        foreach (object?[] row in result.Rows().Where(row => row[3] is not null))
        {
            steps.Add((long)row[0]!);
            seconds.Add(_clocks.SecondsAt(_run.Manifest.RunId, (int)row[1]!, (long)row[2]!));
            values.Add((double)row[3]!);
        }

        MetricCurve thin = CurveThinning.Thin(new(steps, seconds, values), MostPoints);
        return steps.Count == 0 ? null
            : new("Waiting for data", "% of an iteration",
                [new("waiting for data", false, thin.Steps, thin.Seconds, thin.Values)]);
    }

    private IReadOnlyList<LayerTime> Layers()
    {
        using QueryResult result = _database.Query("""
            SELECT layer, coalesce(avg(value) FILTER (way = 'forward_ms'), 0),
              coalesce(avg(value) FILTER (way = 'backward_ms'), 0)
            FROM (SELECT *, split_part(name, '/', 1) AS way, substr(name, 2 + length(split_part(name, '/', 1))) AS layer
                  FROM metrics WHERE split = 'layer' AND rank = 0
            """ + $" AND run_id = {SqlText.Of(_run.Manifest.RunId)}) GROUP BY layer");
        string[] order = LayerOrder();
        return
        [
            .. result.Rows().Select(row => new LayerTime((string)row[0]!, (double)row[1]!, (double)row[2]!))
                .OrderBy(layer => Array.IndexOf(order, layer.Layer) is >= 0 and var at ? at : int.MaxValue)
                .ThenBy(layer => layer.Layer, StringComparer.Ordinal),
        ];
    }

    // The net's file is in the order of its layers, and written by us. It is not read as a net: a report is made also
    // of one whose layers are not there today.
    private string[] LayerOrder() =>
        [.. _files.Where(file => file.Name == RunDirectory.NetName).SelectMany(file => file.Text.Split('\n'))
            .Select(line => line.Trim()).Where(line => line.StartsWith("name: \"", StringComparison.Ordinal))
            .Select(line => line["name: \"".Length..].TrimEnd('"'))];

    private static string TextOf(RunRecord run, string name) =>
        Path.Combine(run.Path, name) is var path && File.Exists(path) ? File.ReadAllText(path) : "";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Duration(double seconds) => TimeSpan.FromSeconds(seconds) switch
    {
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{seconds:F1} s"),
        { TotalHours: < 1 } time => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
        var time => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
    };
}
