using CaffeActors.Actors.Training;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Cli;

/// <summary>Builds a plan's nets and tells what training them would take.</summary>
internal static class DryRun
{
    /// <summary>Builds, checks and prints; nothing is written.</summary>
    public static void Tell(RunPlan plan, Terminal terminal)
    {
        var options = new NetSessionOptions { Threads = plan.Threads, Extensions = plan.Extensions, Catalog = plan.Catalog };
        using NetSession session = NetSession.Open(plan.Nets.Train, plan.ResolvePath, options);
        foreach (SolverTestNet test in plan.Nets.Tests)
            NetSession.Open(test.Net, plan.ResolvePath, options).Dispose();
        NetTable.Print(session.Net, new NetSummary(session.Net, prefetchBatches: 4), terminal);
        terminal.Out.WriteLine(
            $"run '{plan.Name}': {plan.Solver.Type}, {plan.Solver.LrPolicy}, {plan.Solver.MaxIter} iterations, "
            + $"{plan.Nets.Tests.Count} test net(s)");
    }
}
