using System.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Cli.Tests;

/// <summary>The program as a process of its own: killed, and told to stop by signals.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly CliRun _cli = new();

    public void Dispose() => _cli.Dispose();

    private Process Start(string solver, params string[] more) =>
        CliProcess.Start(["train", "--solver", solver, "--output-root", _cli.At("runs"), .. more]);

    private string LongSolver() =>
        _cli.Solver(_cli.Database(), "max_iter: 100000000 base_lr: 0.0001 snapshot: 100 random_seed: 3");

    [Fact]
    public async Task KilledRun_LeavesMetricsReadableAndASnapshotToGoOnFrom()
    {
        string solver = LongSolver();
        for (int round = 1; round <= 3; round++)
        {
            using Process process = Start(solver, "--resume", "auto");
            // The line comes before the files: once the second is there, the first snapshot is whole.
            int wanted = 2;
            await process.UntilAsync(line => line.Contains("Snapshotting solver state", StringComparison.Ordinal)
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
        await process.UntilAsync(line => line.Contains("Iteration 0, lr", StringComparison.Ordinal));
        process.Signal(signal);
        await process.UntilAsync(line => line.Contains("Optimization stopped early.", StringComparison.Ordinal));
        Assert.Equal(code, await process.ExitAsync());
        Assert.NotNull(new SnapshotStore(_cli.At("snap")).Newest().Newest);
    }

    [Fact]
    public async Task Hangup_WritesASnapshotAndTrainingGoesOn()
    {
        using Process process = Start(_cli.Solver(_cli.Database(), "max_iter: 100000000 base_lr: 0.0001"));
        await process.UntilAsync(line => line.Contains("Iteration 0, lr", StringComparison.Ordinal));
        process.Signal("HUP");
        await process.UntilAsync(line => line.Contains("Snapshotting solver state", StringComparison.Ordinal));
        await process.UntilAsync(line => line.Contains(", lr = ", StringComparison.Ordinal));
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task SecondInterrupt_EndsAtOnce()
    {
        // The first iteration lasts for hours: the first interrupt waits for its end, so only the second can end it.
        string solver = _cli.Solver(_cli.Database(), "max_iter: 10 base_lr: 0.001 iter_size: 100000000");
        using Process process = Start(solver);
        await process.UntilAsync(line => line.Contains("Solving", StringComparison.Ordinal));
        process.Signal("INT");
        process.Signal("INT");
        await process.UntilAsync(line => line.Contains("Interrupted again", StringComparison.Ordinal));
        Assert.Equal(ExitCodes.SecondInterrupt, await process.ExitAsync());
    }

    [Fact]
    public async Task PipeThatNobodyReads_HoldsNothingUp()
    {
        // Far more lines than a pipe holds.
        using Process process = Start(_cli.Solver(_cli.Database(), "max_iter: 4000 base_lr: 0.0001"));
        Assert.Equal(ExitCodes.Done, await process.ExitAsync());
        Assert.Equal(4000, new SnapshotStore(_cli.At("snap")).Newest().Newest?.Iteration);
        string run = Assert.Single(Directory.GetDirectories(_cli.At("runs"), "run_id=*"));
        Assert.Contains(
            await File.ReadAllLinesAsync(Path.Combine(run, "train.log"), TestContext.Current.CancellationToken),
            line => line.EndsWith("Optimization Done.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ClosedPipes_EndNothing()
    {
        using Process process = Start(_cli.Solver(_cli.Database(), "max_iter: 2000 base_lr: 0.0001"));
        await process.UntilAsync(line => line.Contains("Iteration 0, lr", StringComparison.Ordinal));
        process.StandardError.Close();
        process.StandardOutput.Close();
        Assert.Equal(ExitCodes.Done, await process.ExitAsync());
        Assert.Equal(2000, new SnapshotStore(_cli.At("snap")).Newest().Newest?.Iteration);
    }
}
