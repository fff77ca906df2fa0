using CaffeActors.Testing.MultiProcess;

namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>Nodes that are killed, halted, come and leave while LeNet trains.</summary>
[Collection(ClusterRunCollection.Name)]
public sealed class NodesComeAndGoTests
{
    [Fact]
    public async Task ARun_OutlivesWhoComesAndGoes()
    {
        await using var run = new ClusterRun(4);
        run.Train(0, "1:4");
        await run.TrainsAsync(1);
        NodeProcess second = run.Work(1, "1:4", [0]);
        NodeProcess third = run.Work(2, "1:4", [0, 1]);
        LoggedEvent commit = await run.TrainsAsync(3);

        // A worker is killed, and another one comes.
        DateTimeOffset killed = ClusterRun.Now;
        third.Kill9();
        NodeProcess fourth = run.Work(3, "1:4", [0, 1]);
        commit = await CommitOfLaterEpochAsync(run, commit);
        run.CheckTime("From a worker's end to the next commit", commit.Time - killed, 10);
        commit = await run.TrainsAsync(3, killed);

        // One that is halted is named, and shut out; what it finds when it goes on is not its run any more.
        string halted = run.NumberOf(3);
        string name = run.Network.AddressOf(3);
        DateTimeOffset stopped = ClusterRun.Now;
        fourth.Stop();
        LoggedEvent named = await run.EventAsync(what => what.By == "coordinator" && what.Time > stopped
            && what.Text.Contains(name, StringComparison.Ordinal), $"{name} to be named");
        run.CheckTime("From a halt to its telling", named.Time - stopped, 10);
        third = run.Work(2, "1:4", [0, 1]);
        LoggedEvent without = await run.EventAsync(what => what.Kind == "formed" && what.By == "coordinator"
            && what.Time > stopped && !what.Nodes.Contains(halted), "an epoch without the halted node");
        // Nobody new is let in before it is out of the cluster.
        commit = await run.TrainsAsync(3, stopped);
        fourth.Continue();
        await run.ExitsAsync(fourth, 8);
        Assert.DoesNotContain(run.LogOf(halted),
            what => what.Kind == "committed" && what.Iteration > without.Iteration);

        // The coordinator's end costs no iteration that was committed.
        string coordinator = commit.Node;
        killed = ClusterRun.Now;
        run[0].Kill9();
        LoggedEvent other = await run.EventAsync(
            what => what.By == "coordinator" && what.Node != coordinator && what.Kind == "started",
            "another coordinator");
        run.CheckTime("From the coordinator's end to the next one's epoch", other.Time - killed, 15);
        await run.EventAsync(what => what.Kind == "committed" && what.Iteration > other.Iteration
            && what.Iteration * RunFiles.BatchRecords > RunFiles.Records * 3, "three epochs of the data");

        // Asked to end, the first node writes a snapshot and takes the others along.
        NodeProcess first = second;
        first.Terminate();
        await run.ExitsAsync(first, 3);
        await run.ExitsAsync(third, 3);
        run.CheckEvents();
        int reached = Assert.Single(run.Snapshots("node-1"));
        int end = reached + 5;

        // It goes on from there, and all that happened left no trace in the weights.
        NodeProcess resumed = run.Train(1, "1:1", "--resume", "must", "--max-iter", $"{end}");
        NodeProcess alone = run.Alone("alone", "--set", $"solver.snapshot={reached}", "--max-iter", $"{end}");
        await run.ExitsAsync(resumed, 0);
        await run.ExitsAsync(alone, 0);
        Assert.Equal(run.Weights("alone", reached), run.Weights("node-1", reached));
        Assert.Equal(run.Weights("alone", end), run.Weights("node-1", end));
    }

    private static Task<LoggedEvent> CommitOfLaterEpochAsync(ClusterRun run, LoggedEvent than) => run.EventAsync(
        what => what.Kind == "committed" && what.By == "coordinator" && what.Epoch > than.Epoch,
        $"a commit after epoch {than.Epoch}");
}
