using System.Globalization;
using System.Reflection;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Data.Runs;

namespace CaffeActors.Actors.Cluster;

/// <summary>What a node would train.</summary>
internal static class NodeFit
{
    /// <summary>Hashes of net and solver, how it is trained, and the program's version.</summary>
    /// <param name="plan">The plan.</param>
    public static Frozen Of(RunPlan plan) => new()
    {
        NetHash = Fingerprint.OfNet(plan.Nets.Train),
        SolverHash = string.Create(CultureInfo.InvariantCulture,
            $"{Fingerprint.OfSolver(plan.Solver)}/{plan.Precision}/{plan.Cluster?.Compression}/{plan.Parallel.Scaling}/"
            + $"{plan.Parallel.Reduction}/{plan.Parallel.BucketSize}/"
            + $"{(plan.Parallel.Reproducible ? plan.Parallel.Grain : 0)}"),
        ProgramVersion = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "",
    };
}
