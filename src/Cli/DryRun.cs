using CaffeActors.Actors.Training;
using CaffeActors.Api;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Cli;

/// <summary>Builds a plan's nets and tells what training them would take.</summary>
internal static class DryRun
{
    /// <summary>Builds, checks and prints; nothing is written.</summary>
    public static void Tell(RunPlan plan, Terminal terminal)
    {
        var options = new CaffeNetOptions
        {
            Threads = plan.Threads,
            Precision = plan.Precision,
            Passes = plan.Passes,
            Extensions = plan.Extensions,
            Catalog = plan.Catalog,
        };
        using CaffeNet train = CaffeNet.Open(plan.Nets.Train, options, plan.ResolvePath);
        foreach (SolverTestNet test in plan.Nets.Tests)
            CaffeNet.Open(test.Net, options, plan.ResolvePath).Dispose();
        NetTable.Print(train.Net, new NetSummary(train.Net, prefetchBatches: 4), terminal);
        terminal.Out.WriteLine(
            $"run '{plan.Name}': {plan.Solver.Type}, {plan.Solver.LrPolicy}, {plan.Solver.MaxIter} iterations, "
            + $"{plan.Nets.Tests.Count} test net(s)");
        terminal.Out.WriteLine(plan.DescribeReplicas());
    }
}
