using System.Reflection;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Data.Runs;

namespace CaffeActors.Actors.Cluster;

/// <summary>What a node would train.</summary>
internal static class NodeFit
{
    /// <summary>Hashes of net and solver, and the program's version.</summary>
    /// <param name="plan">The plan.</param>
    public static Frozen Of(RunPlan plan) => new()
    {
        NetHash = Fingerprint.OfNet(plan.Nets.Train),
        SolverHash = Fingerprint.OfSolver(plan.Solver),
        ProgramVersion = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "",
    };
}
