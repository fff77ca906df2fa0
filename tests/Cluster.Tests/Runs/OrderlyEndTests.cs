using CaffeActors.Testing.MultiProcess;

namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>Runs of several nodes that end before their last iteration, and go on.</summary>
[Collection(ClusterRunCollection.Name)]
public sealed class OrderlyEndTests
{
    [Fact]
    public async Task TooFewNodes_EndARun_ThatGoesOnLater()
    {
        await using var run = new ClusterRun(3);
        string[] fewer = ["--min-nodes", "3", "--set", "cluster.min-nodes-wait=2s"];
        run.Train(0, "1:3", fewer);
        run.Work(1, "1:3", [0], fewer);
        run.Work(2, "1:3", [0], fewer);
        LoggedEvent commit = await run.TrainsAsync(3);
        run[2].Kill9();
        await run.ExitsAsync(run[0], 8);
        await run.ExitsAsync(run[1], 8);
        Assert.Contains(run.Events, what => what.Kind == "waits" && what.Epoch > commit.Epoch);
        int first = Assert.Single(run.Snapshots("node-0"));
        run.CheckEvents();

        DateTimeOffset resumed = ClusterRun.Now;
        run.Train(0, "1:3", "--resume", "must");
        run.Work(1, "1:3", [0]);
        commit = await run.TrainsAsync(2, resumed);
        Assert.InRange(commit.Iteration, first + 1, long.MaxValue);

        // A node that would train something else takes no part.
        NodeProcess other = run.Work(2, "1:3", [0], "--set", "solver.base_lr=0.02");
        await run.ExitsAsync(other, 2);
        Assert.Contains(other.Lines, line => line.Contains("CFA", StringComparison.Ordinal)
            && line.Contains("solver", StringComparison.Ordinal));
        DateTimeOffset refused = ClusterRun.Now;
        await run.EventAsync(what => what.Kind == "committed" && what.Time > refused, "a commit after the refusal");

        // One that is asked to end leaves, and the others go on.
        DateTimeOffset asked = ClusterRun.Now;
        run[1].Terminate();
        await run.ExitsAsync(run[1], 3);
        run.CheckTime("From a worker's being asked to its end", ClusterRun.Now - asked, 7);
        await run.TrainsAsync(1, asked);
        asked = ClusterRun.Now;
        run[0].Terminate();
        await run.ExitsAsync(run[0], 3);
        run.CheckTime("From the first node's being asked to its end", ClusterRun.Now - asked, 7);
        run.CheckEvents(resumed);
        await run.CheckWeightsAsync(0);
    }

    [Fact]
    public async Task TooManyLosses_EndARun()
    {
        await using var run = new ClusterRun(3);
        string[] restarts = ["--max-restarts", "1"];
        run.Train(0, "1:3", restarts);
        run.Work(1, "1:3", [0], restarts);
        run.Work(2, "1:3", [0], restarts);
        LoggedEvent commit = await run.TrainsAsync(3);
        run[2].Kill9();
        await run.EventAsync(what => what.Kind == "committed" && what.Epoch > commit.Epoch, "a commit after a loss");
        run[1].Kill9();
        await run.ExitsAsync(run[0], 8);
        Assert.Contains(run[0].Lines, line => line.Contains("max-restarts", StringComparison.Ordinal));
        Assert.Single(run.Snapshots("node-0"));
        run.CheckEvents();
        await run.CheckWeightsAsync(0);
    }
}
