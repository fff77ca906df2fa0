using CaffeActors.Actors.Planning.Validation;
using CaffeActors.Actors.Training;
using CaffeActors.Api;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Cli;

/// <summary>Builds a plan's nets and tells what training them would take.</summary>
internal static class DryRun
{
    /// <summary>Builds, checks and prints; nothing is written.</summary>
    /// <returns>The exit code: what a run would be refused for is an error here too.</returns>
    public static int Tell(RunPlan plan, Terminal terminal)
    {
        var options = new CaffeNetOptions
        {
            Threads = plan.Threads,
            Precision = plan.Precision,
            Passes = plan.Passes,
            Extensions = plan.Extensions,
            Catalog = plan.Catalog,
        };
        using (CaffeNet train = CaffeNet.Open(plan.Nets.Train, options, plan.ResolvePath))
            NetTable.Print(train.Net, new NetSummary(train.Net, prefetchBatches: 4), terminal);
        foreach (SolverTestNet test in plan.Nets.Tests)
            CaffeNet.Open(test.Net, options, plan.ResolvePath).Dispose();
        terminal.Out.WriteLine(
            $"run '{plan.Name}': {plan.Solver.Type}, {plan.Solver.LrPolicy}, {plan.Solver.MaxIter} iterations, "
            + $"{plan.Nets.Tests.Count} test net(s)");
        terminal.Out.WriteLine(plan.DescribeReplicas());
        ValidationReport report = Validator.Look(plan);
        if (report.MemoryNeeded is { } needed)
            terminal.Out.WriteLine($"the run needs {ByteText.Of(needed)} at least, of {ByteText.Of(report.Memory)}");
        foreach (Finding finding in report.Findings)
            terminal.Error.WriteLine(finding.ToDiagnostic());
        return report.Errors > 0 ? ExitCodes.Configuration : ExitCodes.Done;
    }
}
