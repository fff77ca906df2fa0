using System.Diagnostics;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Data.Runs;

namespace CaffeActors.Benchmarks.Runs;

/// <summary>How long a whole run took, all that it writes included.</summary>
/// <param name="Seconds">By the clock.</param>
internal sealed record TimedRun(double Seconds)
{
    /// <summary>Trains without tests and without a last snapshot, in a folder that is deleted afterwards.</summary>
    /// <param name="config">The run configuration.</param>
    /// <param name="iterations">Updates to do.</param>
    /// <param name="change">Makes of the configuration's plan the one to run.</param>
    /// <param name="look">Looks into the run's folder before it goes.</param>
    public static async Task<TimedRun> TrainAsync(
        string config, int iterations, Func<RunPlan, RunPlan> change, Action<string>? look = null)
    {
        string root = Directory.CreateTempSubdirectory("caffeactors-timed-").FullName;
        try
        {
            RunPlan plan = ConfigurationPlanner.Plan(
                SettingsReader.ReadFile(config, [], Environment.GetEnvironmentVariable), config,
                new PlanOptions { MaxIter = iterations, Seed = 1, OutputRoot = root }, static _ => { });
            plan = change(plan with { Nets = plan.Nets with { Tests = [] } });
            plan.Solver.SnapshotAfterTrain = false;
            using var log = new RunLog(Console.Error, minLevel: 1);
            long begun = Stopwatch.GetTimestamp();
            RunOutcome outcome = await new TrainingHost(plan, plan.Catalog, log, TimeProvider.System)
                .RunAsync(static _ => 0);
            if (outcome.End != RunEnd.Finished)
                throw new InvalidOperationException(outcome.Failure?.Message ?? outcome.End.ToString());
            TimedRun run = new(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            look?.Invoke(RunIndex.List(root)[0].Path);
            return run;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
