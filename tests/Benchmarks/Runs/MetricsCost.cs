using System.Globalization;

namespace CaffeActors.Benchmarks.Runs;

/// <summary>
/// What measuring costs a training: the same iterations with displays and metrics as the configuration has them, and
/// with neither, by turns, so that lines of the log count too. Usage: <c>metrics-cost [CONFIG [ITERATIONS
/// [ROUNDS]]]</c>, by default 10,000 iterations of <c>configs/lenet.hocon</c>, 5 rounds, from the repository's root.
/// </summary>
internal static class MetricsCost
{
    public static async Task<int> RunAsync(string[] args)
    {
        string config = args.ElementAtOrDefault(0) ?? Path.Combine("configs", "lenet.hocon");
        int iterations = Number(args, 1, 10_000), rounds = Number(args, 2, 5);
        List<double> clock = [], processor = [];
        // What is compiled at first use is no cost of either.
        await TrainAsync(config, Math.Min(iterations, 500), measured: true);
        for (int round = 0; round < rounds; round++)
        {
            // Which goes first changes, since a machine that gets slower would speak for the first.
            bool first = round % 2 == 0;
            TimedRun one = await TrainAsync(config, iterations, first);
            TimedRun other = await TrainAsync(config, iterations, !first);
            (TimedRun with, TimedRun without) = first ? (one, other) : (other, one);
            clock.Add(with.Seconds / without.Seconds);
            processor.Add(with.ProcessorSeconds / without.ProcessorSeconds);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"round {round}: {with.Seconds:F2} s with, {without.Seconds:F2} s without; of processor "
                + $"{with.ProcessorSeconds:F2} s and {without.ProcessorSeconds:F2} s"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{config}, {iterations} iterations: metrics cost {Percent(clock):F2} % of the time, "
            + $"{Percent(processor):F2} % of the processor's (medians of {rounds} rounds by turns)"));
        return 0;
    }

    private static Task<TimedRun> TrainAsync(string config, int iterations, bool measured) =>
        TimedRun.TrainAsync(config, iterations, plan =>
        {
            plan.Solver.Snapshot = 0;
            if (measured)
                return plan;
            plan.Solver.Display = 0;
            return plan with { SystemMetricsEvery = 0 };
        });

    private static double Percent(List<double> ratios) => 100 * (ratios.Order().ElementAt(ratios.Count / 2) - 1);

    private static int Number(string[] args, int at, int standard) =>
        args.Length > at ? int.Parse(args[at], CultureInfo.InvariantCulture) : standard;
}
