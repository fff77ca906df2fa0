using System.Diagnostics;
using System.Globalization;
using CaffeActors.Actors.Training;

namespace CaffeActors.Benchmarks;

/// <summary>
/// Milliseconds of a training iteration (forward, backward, update), as peers measure theirs.
/// Usage: <c>step NET BATCH ITERATIONS [THREADS]</c>.
/// </summary>
internal static class TrainingStep
{
    public static int Run(string[] args)
    {
        (int batch, int iterations) = (Number(args[1]), Number(args[2]));
        using Replica replica = BenchmarkNets.Replica(args[0], batch, args.Length > 3 ? Number(args[3]) : 0);
        List<double> times = [];
        for (int i = -2; i < iterations; i++)
        {
            long start = Stopwatch.GetTimestamp();
            replica.Net.Forward();
            replica.Net.Backward();
            replica.Optimizer.ApplyUpdate(0, clearGradients: true);
            if (i >= 0)
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        double median = times[times.Count / 2];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"caffeactors {args[0]} batch {batch} threads {replica.Device.Threads} train: median {median:F2} ms/iteration, "
            + $"min {times[0]:F2}, {batch * 1000 / median:F1} images/s, peak rss {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB"));
        return 0;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
