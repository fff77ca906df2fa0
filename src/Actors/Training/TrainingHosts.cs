using CaffeActors.Actors.Cluster;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Metrics;

namespace CaffeActors.Actors.Training;

/// <summary>Chooses who carries out a run.</summary>
public static class TrainingHosts
{
    /// <summary>Prepares a host; nothing is opened yet.</summary>
    /// <param name="plan">What to run; its <see cref="RunPlan.Cluster"/> says whether alone.</param>
    /// <param name="log">The log.</param>
    /// <param name="time">The clock.</param>
    /// <param name="observers">Who watches.</param>
    public static ITrainingHost Of(
        RunPlan plan, RunLog log, TimeProvider time, params IReadOnlyList<IRunObserver> observers) =>
        plan.Cluster is null ? new TrainingHost(plan, plan.Catalog, log, time, observers)
            : new ClusterHost(plan, plan.Catalog, log, time, observers);
}
