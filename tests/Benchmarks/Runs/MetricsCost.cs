using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using CaffeActors.Actors.Metrics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Benchmarks.Runs;

/// <summary>
/// What displays and metrics cost a training. Machines change their speed by more than that within a minute, so one run
/// is compared with itself: the iterations that display and measure with their neighbours that do not, and beside them
/// the writing of its rows, done once more alone. Usage: <c>metrics-cost [CONFIG [ITERATIONS]]</c>, by default 10,000
/// iterations of <c>configs/lenet.hocon</c>, from the repository's root.
/// </summary>
internal static class MetricsCost
{
    // An iteration that was held up by other work on the machine says nothing of either.
    private const double HeldUp = 3;

    public static async Task<int> RunAsync(string[] args)
    {
        string config = args.ElementAtOrDefault(0) ?? Path.Combine("configs", "lenet.hocon");
        int iterations = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10_000;
        int every = 0;
        List<long> ends = new(iterations);
        IReadOnlyList<MetricRow> rows = [];
        using (MeterListener listener = Listen(() => ends.Add(Stopwatch.GetTimestamp())))
        {
            await TimedRun.TrainAsync(config, iterations, plan =>
            {
                plan.Solver.Snapshot = 0;
                every = plan.Solver.Display;
                return plan with { SystemMetricsEvery = every };
            }, folder => rows = MetricReader.Read(RunDirectory.MetricsPathOf(folder)));
        }

        // From an iteration's end to the next one's; layer times are told after the last iteration of a hundred, the
        // next one displays, and is reported after its end.
        double[] seconds = [.. ends.Zip(ends.Skip(1), (from, to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds)];
        double usual = Samples.Median(seconds);
        double plain = Mean(seconds.Where((_, i) => (i + 1) % every > 2), usual);
        double measured = Mean(seconds.Where((_, i) => (i + 1) % every == 0), usual)
            + Mean(seconds.Where((_, i) => (i + 1) % every == 1), usual);
        double asked = 100 * (measured - (2 * plain)) / (every * plain);
        double written = 100 * Write(rows) / seconds.Sum();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{config}, {iterations} iterations of {plain * 1000:F3} ms: what is displayed and measured every {every} "
            + $"costs {(measured - (2 * plain)) * 1000:F3} ms, {asked:F3} % of the time; {rows.Count} rows took "
            + $"{written:F3} % of it to write, on another thread: {asked + written:F3} % together"));
        return 0;
    }

    private static MeterListener Listen(Action ended)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument is { Meter.Name: TrainingMeter.Name, Name: "caffeactors.step.duration" })
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => ended());
        listener.Start();
        return listener;
    }

    // As often as the run did at most: all rows again, in as many parts as it has half minutes.
    private static double Write(IReadOnlyList<MetricRow> rows)
    {
        string folder = Directory.CreateTempSubdirectory("caffeactors-rows-").FullName;
        try
        {
            TimeSpan took = (rows[^1].WallTime - rows[0].WallTime) + TimeSpan.FromSeconds(30);
            int part = (int)Math.Ceiling(rows.Count / Math.Ceiling(took.TotalSeconds / 30));
            double best = double.MaxValue;
            for (int round = 0; round < 3; round++)
            {
                long begun = Stopwatch.GetTimestamp();
                using (var sink = ParquetMetricSink.Open(folder, TimeProvider.System, round, 0))
                {
                    for (int i = 0; i < rows.Count; i++)
                    {
                        sink.Add(rows[i]);
                        if (i % part == part - 1)
                            sink.Flush();
                    }
                }

                best = Math.Min(best, Stopwatch.GetElapsedTime(begun).TotalSeconds);
            }

            return best;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Mean(IEnumerable<double> seconds, double usual) =>
        seconds.Where(time => time < HeldUp * usual).Average();
}
