using CaffeActors.Actors.Cluster.Coordination;
using CsCheck;

namespace CaffeActors.Actors.Tests.Cluster.Coordination;

/// <summary>Coordinators and nodes under random schedules.</summary>
public sealed class AgreementTests
{
    private const int Schedules = 100_000;

    private static readonly CoordinatorSettings Patience = new()
    {
        MinNodes = 1,
        AnswerWait = TimeSpan.FromSeconds(3),
        AskAgain = TimeSpan.FromSeconds(0.5),
        QuorumWait = TimeSpan.FromDays(1),
    };

    private static readonly Gen<(int Nodes, int[] Choices)> Schedule =
        Gen.Select(Gen.Int[2, 5], Gen.Int[0, 1 << 20].Array[40, 260]);

    [Fact]
    public void NoIterationIsEverCommittedTwice() => Schedule.Sample(schedule =>
    {
        var world = new World(schedule.Nodes, Patience);
        foreach (int choice in schedule.Choices)
        {
            Step(world, choice, chaos: true);
            if (world.Violation is { } violation)
                throw new InvalidOperationException($"{violation}. {world}");
        }
    }, iter: Schedules);

    [Fact]
    public void WhatIsLeftGoesOn_WhenTheNetworkIsWholeAgain() => Schedule.Sample(schedule =>
    {
        // Nobody is evicted for being slow: all are to be there at the end.
        var world = new World(schedule.Nodes, Patience with { ProgressLimit = TimeSpan.FromDays(1) });
        foreach (int choice in schedule.Choices)
            Step(world, choice, chaos: true, kills: false);
        world.Part.Clear();
        // Of several coordinators one is left, as the cluster sees to it.
        foreach (Process process in world.Processes)
        {
            process.StopCoordinating();
        }

        world.Processes.First(process => !process.IsDead).Coordinate();
        long before = world.LastCommitted;
        for (int turn = 0; turn < 400 && world.LastCommitted < before + 3; turn++)
        {
            world.Now += TimeSpan.FromSeconds(0.5);
            foreach (Process process in world.Processes)
            {
                process.Coordinator?.Tick(world.Now);
                process.Tick();
                process.Work();
            }

            for (int rest = world.MessageCount; rest > 0; rest--)
                world.Deliver(0);
        }

        if (world.Violation is { } violation)
            throw new InvalidOperationException(violation);
        if (world.LastCommitted < before + 3)
            throw new InvalidOperationException($"Nothing is committed after {before}. {world}");
    }, iter: Schedules / 50);

    // Most steps let things go on, or a schedule would get nowhere.
    private static void Step(World world, int choice, bool chaos, bool kills = true)
    {
        int kind = choice % 64, detail = choice / 64;
        world.Now += TimeSpan.FromMilliseconds(50);
        Process process = world.Processes[detail % world.Processes.Count];
        switch (kind)
        {
            case < 40:
                if (world.MessageCount > 0)
                    world.Deliver(kind < 24 ? 0 : detail % world.MessageCount, twice: kind == 39);
                break;
            case < 52:
                process.Work();
                break;
            case < 55:
                process.Tick();
                break;
            case < 58:
                process.Coordinator?.Tick(world.Now);
                break;
            case 58 when chaos && world.MessageCount > 0:
                world.Lose(detail % world.MessageCount);
                break;
            case 59 when chaos:
                world.Part[process.Index] = detail / 8 % 2;
                break;
            case 60 when chaos:
                world.Part.Clear();
                break;
            case 61 when chaos && !process.IsDead:
                process.Coordinate();
                break;
            case 62 when chaos && kills:
                world.Kill(process.Index);
                break;
            case 63 when chaos && kills && process.IsDead:
                world.Restart(process.Index);
                break;
            default:
                world.Now += TimeSpan.FromSeconds(1);
                break;
        }
    }
}
