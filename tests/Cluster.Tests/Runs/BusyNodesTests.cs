namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>Nodes that compute on more threads than there are cores.</summary>
[Collection(ClusterRunCollection.Name)]
public sealed class BusyNodesTests
{
    [Fact]
    public async Task Computing_MakesNoNodeUnreachable()
    {
        await using var run = new ClusterRun(3);
        string[] busy = ["--threads", $"{Environment.ProcessorCount * 4}"];
        run.Train(0, "3:3", busy);
        run.Work(1, "3:3", [0], busy);
        run.Work(2, "3:3", [0], busy);
        LoggedEvent commit = await run.TrainsAsync(3);
        await Task.Delay(TimeSpan.FromSeconds(ClusterRun.IsLong ? 60 : 6), TestContext.Current.CancellationToken);
        run[0].Terminate();
        for (int node = 0; node < 3; node++)
        {
            await run.ExitsAsync(run[node], 3);
            Assert.DoesNotContain(run[node].Lines, line => line.Contains("UNREACHABLE", StringComparison.Ordinal));
        }

        Assert.All(run.Events.Where(what => what.Kind == "committed"), what => Assert.Equal(commit.Epoch, what.Epoch));
        run.CheckEvents();
    }
}
