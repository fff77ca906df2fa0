namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>A network that comes apart while LeNet trains: never do two halves of it go on.</summary>
[Collection(ClusterRunCollection.Name)]
public sealed class PartitionTests
{
    private static readonly TimeSpan _turn = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task OnlyOnePart_GoesOn()
    {
        await using var run = new ClusterRun(3, hasProxies: true);
        run.Train(0, "1:3");
        run.Work(1, "1:3", [0]);
        run.Work(2, "1:3", [0]);
        LoggedEvent commit = await run.TrainsAsync(3);
        for (int turn = 0; turn < (ClusterRun.IsLong ? 10 : 2); turn++)
        {
            run.Network.Split(2);
            await Task.Delay(_turn, TestContext.Current.CancellationToken);
            run.Network.Heal();
            await Task.Delay(_turn, TestContext.Current.CancellationToken);
        }

        // Who was shut out meanwhile has ended, and comes back.
        DateTimeOffset healed = ClusterRun.Now;
        await Eventually.HoldsAsync(() => run[2].HasExited || run.CommitOf(3, healed) is not null,
            "a node to train again, or to end");
        if (run[2].HasExited)
        {
            TestContext.Current.TestOutputHelper?.WriteLine("The node that was cut off again and again was shut out.");
            await run.ExitsAsync(run[2], 8);
            run.Work(2, "1:3", [0]);
            commit = await run.TrainsAsync(3, commit.Time);
        }

        // The coordinator is in the smaller part.
        DateTimeOffset split = ClusterRun.Now;
        run.Network.Split(0);
        LoggedEvent other = await run.EventAsync(
            what => what.Kind == "committed" && what.By == "coordinator" && what.Node != commit.Node,
            "a commit in the larger part");
        run.CheckTime("From the split to the larger part's next commit", other.Time - split, 30);
        await run.ExitsAsync(run[0], 8);
        run.CheckTime("From the split to the smaller part's end", ClusterRun.Now - split, 30);

        // Of two halves the one with the lowest address goes on, whoever coordinates.
        commit = await run.TrainsAsync(2, split);
        split = ClusterRun.Now;
        run.Network.Split(0, 1);
        await run.ExitsAsync(run[2], 8);
        run.CheckTime("From the split to the other half's end", ClusterRun.Now - split, 30);
        await run.EventAsync(what => what.Kind == "committed" && what.By == "coordinator" && what.Epoch > commit.Epoch,
            "a commit of the half with the lowest address");
        run[1].Terminate();
        await run.ExitsAsync(run[1], 3);
        run.CheckEvents();
        await run.CheckWeightsAsync(1);
    }
}
