using System.Globalization;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;

namespace CaffeActors.Benchmarks.Soak;

/// <summary>
/// Trains for some minutes, with tests, metrics and a snapshot every 1,000 iterations, and fails where resident memory
/// or open handles grow after a warm-up, the first quarter and at least two minutes. Usage:
/// <c>soak [MINUTES [CONFIG]]</c>, by default 20 minutes of <c>configs/lenet.hocon</c>, from the repository's root.
/// </summary>
internal static class SoakBenchmark
{
    public static async Task<int> RunAsync(string[] args)
    {
        double minutes = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 20;
        string config = args.Length > 1 ? args[1] : Path.Combine("configs", "lenet.hocon");
        string root = Directory.CreateTempSubdirectory("caffeactors-soak-").FullName;
        try
        {
            RunPlan plan = ConfigurationPlanner.Plan(
                SettingsReader.ReadFile(config, [], Environment.GetEnvironmentVariable), config,
                new PlanOptions
                {
                    MaxIter = int.MaxValue,
                    Seed = 1,
                    OutputRoot = root,
                    TimeBudget = TimeSpan.FromMinutes(minutes),
                },
                static _ => { }) with
            { Snapshots = new SnapshotSettings { KeepLast = 2 } };
            plan.Solver.Snapshot = 1000;
            var trend = new ResourceTrend();
            using var log = new RunLog(Console.Error, minLevel: 1);
            RunOutcome outcome = await new TrainingHost(plan, plan.Catalog, log, TimeProvider.System, trend)
                .RunAsync(static _ => 0);
            Console.WriteLine($"{minutes} min of {config}: {trend.Describe()}");
            if (outcome.End != RunEnd.Stopped)
            {
                Console.WriteLine($"The run did not last: {outcome.Failure?.Message ?? outcome.End.ToString()}");
                return 1;
            }

            return trend.Grows ? 1 : 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
