using System.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Cli.Tests;

/// <summary>The program as a process of its own: killed, and told to stop by signals.</summary>
public sealed class ProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    private Process Start(string solver, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string arg in (string[])[
            typeof(CommandLine).Assembly.Location, "train", "--solver", solver, "--output-root", _cli.At("runs"),
                .. more])
        {
            start.ArgumentList.Add(arg);
        }

        return Process.Start(start)!;
    }

    private async Task UntilAsync(Process process, Func<string, bool> seen)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            if (seen(line))
                return;
        }

        Assert.Fail("the process ended before the line came");
    }

    private string LongSolver() =>
        _cli.Solver(_cli.Database(), "max_iter: 100000000 base_lr: 0.0001 snapshot: 100 random_seed: 3");

    private static void Signal(Process process, string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", process.Id.ToString()]);
        kill.WaitForExit();
    }

    [Fact]
    public async Task KilledRun_LeavesMetricsReadableAndASnapshotToGoOnFrom()
    {
        string solver = LongSolver();
        for (int round = 1; round <= 3; round++)
        {
            using Process process = Start(solver, "--resume", "auto");
            // The line comes before the files: once the second is there, the first snapshot is whole.
            int wanted = 2;
            await UntilAsync(process, line => line.Contains("Snapshotting solver state", StringComparison.Ordinal)
                && --wanted == 0);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        string run = Assert.Single(Directory.GetDirectories(_cli.At("runs"), "run_id=*"));
        IReadOnlyList<MetricRow> rows = MetricReader.ReadAll(Path.Combine(run, "metrics"));
        Assert.Contains(rows, row => row.Segment == 2);
        SnapshotSearch search = new SnapshotStore(_cli.At("snap")).Newest();
        Assert.NotNull(search.Newest);
        Assert.Equal(search.Newest.Iteration, SnapshotLoader.Load(search.Newest).State.Iter);
    }

    [Theory]
    [InlineData("TERM", 3)]
    [InlineData("INT", 3)]
    public async Task StopSignal_EndsWithASnapshot(string signal, int code)
    {
        using Process process = Start(LongSolver());
        await UntilAsync(process, line => line.Contains("Iteration 0, lr", StringComparison.Ordinal));
        Signal(process, signal);
        await UntilAsync(process, line => line.Contains("Optimization stopped early.", StringComparison.Ordinal));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(code, process.ExitCode);
        Assert.NotNull(new SnapshotStore(_cli.At("snap")).Newest().Newest);
    }

    [Fact]
    public async Task Hangup_WritesASnapshotAndTrainingGoesOn()
    {
        using Process process = Start(_cli.Solver(_cli.Database(), "max_iter: 100000000 base_lr: 0.0001"));
        await UntilAsync(process, line => line.Contains("Iteration 0, lr", StringComparison.Ordinal));
        Signal(process, "HUP");
        await UntilAsync(process, line => line.Contains("Snapshotting solver state", StringComparison.Ordinal));
        await UntilAsync(process, line => line.Contains(", lr = ", StringComparison.Ordinal));
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
