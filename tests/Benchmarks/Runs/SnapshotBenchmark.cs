using System.Globalization;
using CaffeActors.Actors.Configuration;

namespace CaffeActors.Benchmarks.Runs;

/// <summary>
/// What snapshots cost a training: the same iterations with snapshots and without, by turns, and of the difference the
/// share of a snapshot, beside how long the solver's own interval takes. Usage:
/// <c>snapshots [CONFIG [ITERATIONS [EVERY [ROUNDS]]]]</c>, by default 2,000 iterations of <c>configs/lenet.hocon</c>
/// with one every 100, 5 rounds, from the repository's root. Tests are left out.
/// </summary>
internal static class SnapshotBenchmark
{
    public static async Task<int> RunAsync(string[] args)
    {
        string config = args.ElementAtOrDefault(0) ?? Path.Combine("configs", "lenet.hocon");
        int iterations = Number(args, 1, 2000), every = Number(args, 2, 100), rounds = Number(args, 3, 5);
        List<double> with = [], without = [];
        int interval = 0;
        for (int round = 0; round <= rounds; round++)
        {
            foreach (bool snapshots in (bool[])[false, true])
            {
                TimedRun run = await TimedRun.TrainAsync(config, iterations, plan =>
                {
                    interval = plan.Solver.Snapshot;
                    plan.Solver.Snapshot = snapshots ? every : 0;
                    plan.Solver.Display = 0;
                    return plan with { Snapshots = new SnapshotSettings { KeepLast = 2 }, SystemMetricsEvery = 0 };
                });
                // The first round warms up.
                if (round > 0)
                    (snapshots ? with : without).Add(run.Seconds);
            }
        }

        int count = iterations / every;
        double plain = Samples.Median(without), cost = (Samples.Median(with) - plain) / count;
        double own = plain / iterations * interval;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{config}: {plain / iterations * 1000:F2} ms an iteration; {count} snapshots in {iterations} iterations "
            + $"cost {cost * 1000:F1} ms each; at the solver's own interval of {interval} iterations ({own:F1} s) that "
            + $"is {(interval > 0 ? 100 * cost / own : 0):F3} % (medians of {rounds} rounds by turns)"));
        return 0;
    }

    private static int Number(string[] args, int at, int standard) =>
        args.Length > at ? int.Parse(args[at], CultureInfo.InvariantCulture) : standard;
}
