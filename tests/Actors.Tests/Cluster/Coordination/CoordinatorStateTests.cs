using CaffeActors.Actors.Cluster.Coordination;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Cluster.Coordination;

/// <summary>What a coordinator decides, with all messages delivered.</summary>
public sealed class CoordinatorStateTests
{
    [Fact]
    public void ThoseWhoAreThere_Train()
    {
        var world = new World(3, new CoordinatorSettings { MinNodes = 3 });

        Pass(world, 10);

        Assert.True(world.Processes[0].Coordinator!.Trains);
        Assert.Equal([0, 1, 2], world.Processes.Select(process => process.State.Rank));
        Assert.True(world.LastCommitted > 3);
    }

    [Fact]
    public void TooFew_AreWaitedForAndTheRunEnds()
    {
        var world = new World(1, new CoordinatorSettings { MinNodes = 2, StartWait = TimeSpan.FromSeconds(20) });

        Pass(world, 30);

        RunOver over = Assert.IsType<RunOver>(world.Processes[0].Over);
        Assert.Equal((int)FailureKind.Cluster, over.Kind);
        Assert.Contains("only 1 of at least 2 nodes came within 20 s", over.Text);
    }

    [Fact]
    public void ALostNode_IsLeftOutAndTheOthersGoOn()
    {
        var world = new World(3, new CoordinatorSettings());
        Pass(world, 10);
        long before = world.LastCommitted;

        world.Kill(2);
        Pass(world, 10);

        Assert.True(world.LastCommitted > before + 3);
        Assert.Equal(2, world.Processes[0].Coordinator!.View.Members.Count);
        Assert.Equal(1u, world.Processes[0].Coordinator!.View.Restarts);
        Assert.Contains(world.Processes[0].Events, what => what.Kind == ClusterEventKind.Lost);
        Assert.Null(world.Violation);
    }

    [Fact]
    public void ANodeThatComesLater_IsTakenInAtACommit()
    {
        var world = new World(2, new CoordinatorSettings());
        Pass(world, 10);

        world.Add();
        Pass(world, 10);

        Assert.Equal(3, world.Processes[0].Coordinator!.View.Members.Count);
        Assert.Equal(world.Processes[0].State.Committed, world.Processes[2].State.Committed, 1.0);
        Assert.Equal(0u, world.Processes[0].Coordinator!.View.Restarts);
    }

    [Fact]
    public void BeyondTheMost_NodesStandBy()
    {
        var world = new World(3, new CoordinatorSettings { MaxNodes = 2 });

        Pass(world, 10);

        Assert.Equal(2, world.Processes[0].Coordinator!.View.Members.Count);
        Assert.Single(world.Processes, process => process.State.Rank < 0);
        Assert.True(world.LastCommitted > 3);
    }

    [Fact]
    public void MoreLossesThanAllowed_EndTheRunWithASnapshot()
    {
        var world = new World(3, new CoordinatorSettings { MaxRestarts = 0 });
        Pass(world, 10);

        world.Kill(2);
        Pass(world, 10);

        Assert.Contains("cluster.max-restarts", world.Processes[0].Coordinator!.View.Ends);
    }

    [Fact]
    public void ANodeThatWasGivenUpAndComesBack_IsToldToStartAnew()
    {
        var world = new World(3, new CoordinatorSettings());
        Pass(world, 10);
        world.Part[2] = 1;
        Pass(world, 30);
        Assert.Equal(2, world.Processes[0].Coordinator!.View.Members.Count);
        long before = world.LastCommitted;

        world.Part.Clear();
        // As the coordinator's actor asks whoever is there and unknown to it.
        world.Post(world.Processes[0], world.Processes[2], toCoordinator: false, new Freeze());
        Pass(world, 10);

        RunOver over = Assert.IsType<RunOver>(world.Processes[2].Over);
        Assert.Equal((int)FailureKind.Cluster, over.Kind);
        Assert.Contains("start it anew", over.Text);
        Assert.Equal(2, world.Processes[0].Coordinator!.View.Members.Count);
        Assert.True(world.LastCommitted > before);
        Assert.Null(world.Violation);
    }

    [Fact]
    public void AnotherNet_IsRefused()
    {
        var world = new World(2, new CoordinatorSettings());
        Pass(world, 10);

        world.Add(netHash: "another");
        Pass(world, 10);

        RunOver over = Assert.IsType<RunOver>(world.Processes[2].Over);
        Assert.Contains("its net or solver is not that of n0:1", over.Text);
        Assert.Equal(2, world.Processes[0].Coordinator!.View.Members.Count);
    }

    private static void Pass(World world, double seconds)
    {
        for (double passed = 0; passed < seconds; passed += 0.1)
        {
            world.Now += TimeSpan.FromSeconds(0.1);
            foreach (Process process in world.Processes.Where(process => !process.IsDead))
            {
                process.Coordinator?.Expect(
                    world.Processes.Count(other => !other.IsDead), world.Processes.Count(other => !other.IsDead));
                process.Coordinator?.Tick(world.Now);
                process.Tick();
                process.Work();
            }

            for (int rest = world.MessageCount; rest > 0; rest--)
                world.Deliver(0);
        }
    }
}
