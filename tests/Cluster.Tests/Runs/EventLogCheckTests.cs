namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>The check of event logs finds what must not be.</summary>
public sealed class EventLogCheckTests
{
    // Two nodes, of which one is lost; the other commits what both had summed up, and goes on alone.
    private static readonly string[] _coordinator =
    [
        Event("coordinator", "a", "formed", 1, 0, nodes: ["a", "b"]),
        Event("coordinator", "a", "started", 1, 0, nodes: ["a", "b"]),
        Event("coordinator", "a", "committed", 1, 1),
        Event("coordinator", "a", "formed", 2, 2, nodes: ["a"]),
        Event("coordinator", "a", "committed", 2, 3),
    ];

    private static readonly string[] _first =
    [
        Event("node", "a", "formed", 1, 0, nodes: ["a", "b"]),
        Event("node", "a", "started", 1, 0),
        Event("node", "a", "committed", 1, 1, records: (0, 4)),
        Event("node", "a", "committed", 1, 2, records: (8, 4)),
        Event("node", "a", "formed", 2, 2, nodes: ["a"]),
        Event("node", "a", "started", 2, 2),
        Event("node", "a", "committed", 2, 3, records: (16, 8)),
    ];

    private static readonly string[] _second =
    [
        Event("node", "b", "formed", 1, 0, nodes: ["a", "b"]),
        Event("node", "b", "started", 1, 0),
        Event("node", "b", "committed", 1, 1, records: (4, 4)),
    ];

    [Fact]
    public void ARun_OfWhichANodeIsLost_IsWell() => Assert.Empty(Faults(_coordinator, _first, _second));

    [Fact]
    public void AnIterationLeftOut_IsFound()
    {
        Assert.Contains("a committed iteration 2 after 0",
            Faults(_coordinator, [.. _first.Where((_, line) => line != 2)], _second[..2]));
        Assert.Contains("nobody committed the iterations between 1 and 3",
            Faults(_coordinator, [.. _first.Where((_, line) => line != 3)], _second));
    }

    [Fact]
    public void ACommit_OfWhoIsNoMember_IsFound() => Assert.Contains(
        "b is no member of epoch 2, in which it committed iteration 3", Faults(_coordinator, _first,
            [.. _second, Event("node", "b", "started", 2, 2), Event("node", "b", "committed", 2, 3, records: (0, 0))]));

    [Fact]
    public void ANodeThatFallsBack_IsFound() => Assert.Contains("b fell back from iteration 1 to 0",
        Faults(_coordinator, _first, [.. _second, Event("node", "b", "started", 2, 0)]));

    [Fact]
    public void AnIteration_CommittedInTwoEpochs_IsFound() => Assert.Contains(
        "iteration 2 was committed in epoch 1 and in 2",
        Faults(_coordinator, _first, [.. _second, Event("node", "b", "committed", 2, 2, records: (12, 4))]));

    [Fact]
    public void AnIteration_CommittedTwice_IsFound()
    {
        Assert.Contains("b committed iteration 1 after 1", Faults(_coordinator, _first, [.. _second, _second[^1]]));
        Assert.Contains("coordinators committed iteration 3 twice",
            Faults([.. _coordinator, _coordinator[^1]], _first, _second));
    }

    [Fact]
    public void AnEpochThatFalls_IsFound()
    {
        Assert.Contains("b went back from epoch 2 to 1 (committed)",
            Faults(_coordinator, _first, [_second[0], Event("node", "b", "started", 2, 0), _second[2]]));
        Assert.Contains("epoch 2 was formed after 2",
            Faults(_coordinator, [Event("coordinator", "b", "formed", 2, 2, nodes: ["a"])], _first, _second));
    }

    [Fact]
    public void OtherMembers_AreFound() => Assert.Contains("b knows other members of epoch 1",
        Faults(_coordinator, _first, [Event("node", "b", "formed", 1, 0, nodes: ["b", "a"]), .. _second[1..]]));

    [Fact]
    public void ARecordTakenTwice_IsFound() => Assert.Contains(
        "iteration 1 took records 3 to 6 of data where 4 was the next of those up to 7",
        Faults(_coordinator, _first, [.. _second[..2], Event("node", "b", "committed", 1, 1, records: (3, 4))]));

    [Fact]
    public void ARecordLeftOut_IsFound() => Assert.Contains("iteration 1 took 7 of 8 records of data",
        Faults(_coordinator, _first, [.. _second[..2], Event("node", "b", "committed", 1, 1, records: (5, 3))]));

    [Fact]
    public void WhatOnlyACoordinatorCommitted_IsFound() => Assert.Contains(
        "no node committed iteration 3 in epoch 4, its coordinator did",
        Faults([.. _coordinator[..4], Event("coordinator", "a", "committed", 4, 3)], _first, _second));

    [Fact]
    public void ARowOfTheTruth_IsRead()
    {
        LoggedEvent read = LoggedEvent.Parse("""
            {"time":"2026-11-27T09:54:04.0247680Z","node":"21f729639bde132d","by":"node","event":"committed","epoch":2,
            "iteration":3,"records":[["train/mnist",144,16]]}
            """);
        Assert.Equal(("21f729639bde132d", "node", "committed", 2UL, 3L),
            (read.Node, read.By, read.Kind, read.Epoch, read.Iteration));
        Assert.Equal(("train/mnist", 144L, 16L), Assert.Single(read.Records));
    }

    private static IReadOnlyList<string> Faults(params IEnumerable<IReadOnlyList<string>> logs) =>
        EventLogCheck.Faults(
            [.. logs.Select(log => (IReadOnlyList<LoggedEvent>)[.. log.Select(LoggedEvent.Parse)])], 8);

    private static string Event(string by, string node, string kind, ulong epoch, long iteration,
        string[]? nodes = null, (long First, long Count)? records = null) =>
        $$"""{"time":"2026-11-27T09:00:0{{epoch}}Z","node":"{{node}}","by":"{{by}}","event":"{{kind}}","""
        + $$""" "epoch":{{epoch}},"iteration":{{iteration}}"""
        + (nodes is null ? "" : $",\"nodes\":[{string.Join(',', nodes.Select(other => $"\"{other}\""))}]")
        + (records is { } row ? $",\"records\":[[\"data\",{row.First},{row.Count}]]" : "") + "}";
}
