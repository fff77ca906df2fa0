using System.Diagnostics;
using System.Globalization;
using CaffeActors.Analysis.Comparison;
using CaffeActors.Analysis.Queries;
using CaffeActors.Analysis.Reports;
using CaffeActors.Analysis.Runs;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Benchmarks.Analysis;

/// <summary>
/// What looking at many metrics costs, from nothing: the database is opened anew for each.
/// Usage: <c>metrics [ROWS [RUNS [ROUNDS]]]</c>: so many rows in all, default 10,000,000 over 200 runs, of 50 metrics
/// each; best of ROUNDS, default 3. Beside the time stands the processor's, which other work on the machine does not
/// lengthen.
/// </summary>
internal static class MetricsBenchmark
{
    private const int Names = 50;

    public static int Run(string[] args)
    {
        int rows = Number(args, 0, 10_000_000), runs = Number(args, 1, 200), rounds = Number(args, 2, 3);
        string root = Directory.CreateTempSubdirectory("caffeactors-metrics-").FullName;
        try
        {
            Measure("write", 1, () =>
            {
                for (int run = 0; run < runs; run++)
                    Make(root, rows / runs);
            });
            IReadOnlyList<RunRecord> all = RunFinder.All(root);
            Measure("compare of two", rounds, () => Compare(RunFinder.Find(root, [all[0].Path, all[^1].Path])));
            Measure($"compare of {runs}", rounds, () => Compare(RunFinder.All(root)));
            Measure("list", rounds, () => Query(RunFinder.All(root), StandardQueries.Runs));
            Measure("show of one", rounds, () => Query([RunFinder.Find(root, "latest")], StandardQueries.Metrics()));
            Measure("query of all rows", rounds, () =>
                Query(RunFinder.All(root), "SELECT split, name, avg(value) FROM metrics GROUP BY ALL"));
            Measure("report of one, beside the run before", rounds, () => Report(root));
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void Make(string root, int rows)
    {
        using RunDirectory run = RunDirectory.Create(
            root, new RunManifest { Name = "made", NetHash = "", SolverHash = "" }, TimeProvider.System);
        using (var sink = ParquetMetricSink.Open(run.MetricsPath, TimeProvider.System, run.BeginSegment(0), 0))
        {
            for (int i = 0; i < rows; i++)
            {
                (string split, string name) = (i % Names) switch
                {
                    0 => (MetricNames.Train, "loss"),
                    1 => (MetricNames.Train, "lr"),
                    2 => (MetricNames.Test(0), "accuracy"),
                    3 => (MetricNames.Test(0), "loss"),
                    var n => (MetricNames.Layer, _layers[n]),
                };
                sink.Add(i / Names * 20, split, name, 1 + Math.Sin(i * 0.001));
            }
        }

        run.End(RunState.Finished, 0, rows / Names * 20);
    }

    private static readonly string[] _layers = [.. Enumerable.Range(0, Names).Select(n => $"forward_ms/layer{n}")];

    private static void Compare(IReadOnlyList<RunRecord> runs)
    {
        using MetricDatabase database = MetricDatabase.Open(runs);
        RunComparison.Of(database, MetricKey.Find(database, "loss"), 10);
    }

    // As the command does, but for the net's own exam.
    private static void Report(string root)
    {
        RunRecord run = RunFinder.Find(root, "latest");
        using MetricDatabase database = MetricDatabase.Open([run, ReportBuilder.RunBefore(run, RunFinder.All(root))!]);
        File.WriteAllText(RunDirectory.ReportPathOf(run.Path), ReportPage.Write(ReportBuilder.Build(database, null)));
    }

    private static void Query(IReadOnlyList<RunRecord> runs, string sql)
    {
        using MetricDatabase database = MetricDatabase.Open(runs);
        using QueryResult result = database.Query(sql);
        foreach (object?[] _ in result.Rows())
        {
            // Reading them is what is measured.
        }
    }

    private static void Measure(string what, int rounds, Action work)
    {
        TimeSpan best = TimeSpan.MaxValue, least = TimeSpan.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            long start = Stopwatch.GetTimestamp();
            work();
            TimeSpan took = Stopwatch.GetElapsedTime(start), used = Environment.CpuUsage.TotalTime - before;
            (best, least) = (took < best ? took : best, used < least ? used : least);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {best.TotalSeconds:F2} s, {least.TotalSeconds:F2} s of processor"));
    }

    private static int Number(string[] args, int index, int standard) =>
        args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : standard;
}
