using CaffeActors.Data.Runs;
using CaffeActors.Data.Snapshots;
using CaffeActors.Data.Tests.Snapshots;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Runs;

public sealed class RunIndexTests : IDisposable
{
    private const int End = 100;
    private readonly TemporaryFolder _root = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void FindResumable_TakesTheNewestThatIsNotAtItsEnd()
    {
        Make(snapshots: [20]);
        string newest = Make(snapshots: [20, 40]);
        Make(snapshots: [50, End]);
        RunSearch search = Find();
        Assert.Equal((newest, 40, false), (search.Run?.Manifest.RunId, search.Snapshot?.Iteration, search.Finished));
    }

    [Fact]
    public void FindResumable_WithoutRuns_FindsNone()
    {
        RunSearch search = RunIndex.FindResumable(_root.At("none"), "lenet", "a", "b", End);
        Assert.Equal((null, null, false), (search.Run, search.Snapshot, search.Finished));
        Assert.Empty(search.Notes);
    }

    [Fact]
    public void FindResumable_WhereAllAreAtTheirEnd_SaysFinished()
    {
        Make(snapshots: [End]);
        Make(snapshots: [End + 1]);
        Assert.Equal((null, true), (Find().Run, Find().Finished));
    }

    [Fact]
    public void FindResumable_WithALaterEnd_GoesOnWithAFinishedRun()
    {
        string id = Make(snapshots: [End]);
        Assert.Equal(id, RunIndex.FindResumable(_root.Path, "lenet", "a", "b", End + 1).Run?.Manifest.RunId);
    }

    [Theory]
    [InlineData(RunState.Running)]
    [InlineData(RunState.Failed)]
    public void FindResumable_GoesOnWithARunThatWasCutAfterItsLastSnapshot(RunState state)
    {
        string id = Make(snapshots: [End], state: state);
        RunSearch search = Find();
        Assert.Equal((id, End, false), (search.Run?.Manifest.RunId, search.Snapshot?.Iteration, search.Finished));
    }

    [Fact]
    public void FindResumable_PassesOverOtherNamesNetsAndSolvers()
    {
        Make(snapshots: [20], name: "alexnet");
        string net = Make(snapshots: [20], net: "other");
        string solver = Make(snapshots: [20], solver: "other");
        RunSearch search = Find();
        Assert.Null(search.Run);
        Assert.Equal([$"run {solver} has another solver", $"run {net} has another net"], search.Notes);
    }

    [Fact]
    public void FindResumable_PassesOverRunsWithoutAValidSnapshot_AndSaysWhy()
    {
        string older = Make(snapshots: [20]);
        string damaged = Make(snapshots: [40]);
        string none = Make(snapshots: []);
        string snapshots = Path.Combine(_root.At("run_id=" + damaged), "snapshots");
        string model = Directory.GetFiles(snapshots, "*.caffemodel").Single();
        File.WriteAllBytes(model, [1, 2, 3]);
        RunSearch search = Find();
        Assert.Equal((older, 20), (search.Run?.Manifest.RunId, search.Snapshot?.Iteration));
        Assert.Equal(3, search.Notes.Count);
        Assert.Equal($"run {none} has no valid snapshot", search.Notes[0]);
        Assert.Contains($"'{model}' has 3 bytes", search.Notes[1], StringComparison.Ordinal);
        Assert.Equal($"run {damaged} has no valid snapshot", search.Notes[2]);
    }

    [Fact]
    public void FindResumable_PassesOverARunInUse()
    {
        string id = Make(snapshots: [20]);
        using (RunDirectory.Open(_root.At("run_id=" + id), _time))
        {
            Assert.StartsWith($"run {id} is being trained by another process ({Environment.ProcessId} on ",
                Assert.Single(Find().Notes), StringComparison.Ordinal);
        }

        Assert.Equal(id, Find().Run?.Manifest.RunId);
    }

    [Fact]
    public void FindResumable_InASharedPlace_TellsRunsSnapshotsApart()
    {
        string prefix = _root.At("lenet");
        string first = Make(snapshots: [20, 60], prefix: prefix);
        string second = Make(snapshots: [40], prefix: prefix);
        RunSearch search = Find();
        Assert.Equal((second, 40), (search.Run?.Manifest.RunId, search.Snapshot?.Iteration));
        Assert.Equal($"run {second}: passed over 1 of other runs, as '{prefix}_iter_60.resume' is of run '{first}', "
            + $"not of '{second}'", Assert.Single(search.Notes));
        Directory.Delete(_root.At("run_id=" + second), recursive: true);
        search = Find();
        Assert.Equal((first, 60), (search.Run?.Manifest.RunId, search.Snapshot?.Iteration));
    }

    [Fact]
    public void FindResumable_TakesTheRunBegunLast_WhateverTheClockSaid()
    {
        string first = Make(snapshots: [20]);
        _time.SetBack(TimeSpan.FromDays(400));
        string second = Make(snapshots: [40]);
        _time.Advance(TimeSpan.FromDays(1));
        string third = Make(snapshots: [60]);
        Assert.Equal([third, second, first], RunIndex.List(_root.Path).Select(run => run.Manifest.RunId));
        Assert.Equal(third, Find().Run?.Manifest.RunId);
    }

    [Fact]
    public void List_IsNewestFirstAndNotesWhatItCannotRead()
    {
        string older = Make(snapshots: []), newer = Make(snapshots: []);
        Directory.CreateDirectory(_root.At("run_id=broken"));
        Assert.Equal([newer, older], RunIndex.List(_root.Path).Select(run => run.Manifest.RunId));
        Assert.Contains(Find().Notes, note => note.Contains("run_id=broken", StringComparison.Ordinal));
    }

    private RunSearch Find() => RunIndex.FindResumable(_root.Path, "lenet", "a", "b", End);

    private string Make(
        int[] snapshots, string name = "lenet", string net = "a", string solver = "b",
        string prefix = "snapshots/lenet", RunState state = RunState.Finished)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        using RunDirectory run = RunDirectory.Create(_root.Path, new()
        {
            Name = name,
            NetHash = net,
            SolverHash = solver,
            SnapshotPrefix = prefix,
        }, _time);
        var store = new SnapshotStore(run.SnapshotPrefix);
        foreach (int iteration in snapshots)
            store.Save(Sample.Net(), Sample.Progress(iteration), Sample.Resume(run.RunId));
        if (state != RunState.Running && snapshots.Length > 0)
            run.End(state, 0, snapshots[^1]);
        return run.RunId;
    }
}
