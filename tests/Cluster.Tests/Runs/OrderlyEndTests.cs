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
        string[] none = ["--max-restarts", "0"];
        run.Train(0, "1:3", ["--resume", "must", .. none]);
        run.Work(1, "1:3", [0], none);
        commit = await run.TrainsAsync(2, resumed);
        Assert.InRange(commit.Iteration, first + 1, long.MaxValue);

        // A node that would train something else takes no part.
        NodeProcess other = run.Work(2, "1:3", [0], [.. none, "--set", "solver.base_lr=0.02"]);
        await run.ExitsAsync(other, 2);
        Assert.Contains(other.Lines,
            line => line.Contains("its net or solver is not that of", StringComparison.Ordinal));
        DateTimeOffset refused = ClusterRun.Now;
        await run.EventAsync(what => what.Kind == "committed" && what.Time > refused, "a commit after the refusal");

        // One that is asked to end leaves, and the others go on.
        DateTimeOffset asked = ClusterRun.Now;
        NodeProcess third = run.Work(2, "1:3", [0], none);
        run[1].Terminate();
        await run.ExitsAsync(run[1], 3);
        run.CheckTime("From a worker's being asked to its end", ClusterRun.Now - asked, 7);

        // One that is lost is one too many now.
        run.Work(1, "1:3", [0], none);
        await run.TrainsAsync(3, asked);
        third.Kill9();
        await run.ExitsAsync(run[0], 8);
        await run.ExitsAsync(run[1], 8);
        Assert.Contains(run[0].Lines, line => line.Contains("cluster.max-restarts", StringComparison.Ordinal));
        run.CheckEvents(resumed);
        Assert.Equal(2, run.Snapshots("node-0").Count);
        await run.CheckWeightsAsync(0);
    }
}
