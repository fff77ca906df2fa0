using System.Collections.Concurrent;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Snapshots;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Training goes on while a snapshot is written, and whatever ends it waits for the snapshot.</summary>
public sealed class BackgroundSnapshotTests : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);
    private readonly TrainingFixture _fixture = new();
    private readonly ManualResetEventSlim _release = new();
    private readonly ConcurrentQueue<FaultPoint> _reached = [];
    private bool _releasedInTime;

    public BackgroundSnapshotTests() => _fixture.AddHook("TRAIN");

    public void Dispose()
    {
        _release.Dispose();
        _fixture.Dispose();
    }

    [Theory]
    [InlineData("", StorageType.Float32)]
    [InlineData("", StorageType.Float16)]
    [InlineData("snapshot_diff: true", StorageType.Float32)]
    [InlineData("type: 'Adam' momentum2: 0.99 delta: 0.001", StorageType.Float32)]
    public async Task Snapshot_HoldsItsOwnIteration_HoweverFarTrainingHasCome(string solver, StorageType precision)
    {
        _fixture.WriteSolver("snapshot: 10 " + solver);
        RunPlan held = Plan("held", precision, pass =>
        {
            if (pass == 17)
                _release.Set();
        });
        RunOutcome outcome = await _fixture.RunAsync(held with { Reached = HoldTheFirst });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.True(_releasedInTime);

        // The last snapshot of a run is written when nothing is computed any more.
        _fixture.WriteSolver(solver);
        foreach (int iteration in (int[])[10, 20, 30])
        {
            string runs = $"until{iteration}";
            await _fixture.RunAsync(Plan(runs, precision, static _ => { }, iteration));
            Assert.Equal(_fixture.Snapshot(iteration, runs).Model, _fixture.Snapshot(iteration, "held").Model);
            Assert.Equal(_fixture.Snapshot(iteration, runs).State, _fixture.Snapshot(iteration, "held").State);
        }
    }

    [Fact]
    public async Task SnapshotThatIsDueWhileOneIsWritten_ComesAfterIt()
    {
        _fixture.WriteSolver("snapshot: 10");
        RunPlan plan = Plan("runs", StorageType.Float32, pass =>
        {
            if (pass == 19)
                _release.Set();
        });
        RunOutcome outcome = await _fixture.RunAsync(plan with { Reached = HoldTheFirst });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.True(_releasedInTime);
        Assert.Equal([40, 30, 20, 10], Valid());
        FaultPoint[] marks = [.. _reached.Where(point => point is FaultPoint.SnapshotBegun or FaultPoint.ReadBack)];
        Assert.Equal(Enumerable.Repeat((FaultPoint[])[FaultPoint.SnapshotBegun, FaultPoint.ReadBack], 4)
            .SelectMany(pair => pair), marks);
        // Told at its iteration, before what comes after it.
        string[] lines = _fixture.Log.ToString().Split('\n');
        int told = Array.FindIndex(lines, line => line.Contains("iter_10.caffemodel", StringComparison.Ordinal));
        int test = Array.FindIndex(lines, line => line.Contains("Iteration 10, Testing", StringComparison.Ordinal));
        Assert.InRange(told, 1, test);
    }

    [Theory]
    [InlineData(RunRequest.Stop)]
    [InlineData(RunRequest.StopWithSnapshot)]
    public async Task Stop_WaitsForTheSnapshotThatIsBeingWritten(RunRequest request)
    {
        _fixture.WriteSolver("snapshot: 10 snapshot_after_train: false");
        TrainingHost? host = null;
        RunPlan plan = Plan("runs", StorageType.Float32, pass =>
        {
            if (pass != 12)
                return;
            host!.Request(request);
            _release.Set();
        }, 1_000_000);
        host = _fixture.Host(plan with { Reached = HoldTheFirst });
        RunOutcome outcome = await host.RunAsync(static _ => 3)
            .WaitAsync(_limit, TestContext.Current.CancellationToken);
        Assert.Equal(RunEnd.Stopped, outcome.End);
        Assert.True(_releasedInTime);
        Assert.Contains(10, Valid());
        if (request == RunRequest.StopWithSnapshot)
            Assert.Contains(outcome.Iteration, Valid());
    }

    [Fact]
    public async Task RunThatFails_KeepsTheSnapshotThatIsBeingWritten()
    {
        _fixture.WriteSolver("snapshot: 10");
        RunPlan plan = Plan("runs", StorageType.Float32, pass =>
        {
            if (pass != 12)
                return;
            _release.Set();
            throw new InvalidOperationException("of a fault");
        });
        RunOutcome outcome = await _fixture.RunAsync(plan with { Reached = HoldTheFirst });
        Assert.Equal((RunEnd.Failed, 12), (outcome.End, outcome.Iteration));
        Assert.True(_releasedInTime);
        Assert.Equal([10], Valid());
    }

    [Fact]
    public async Task RunThatIsStoppedWhereItWasResumed_LeavesItsSnapshotAlone()
    {
        _fixture.WriteSolver("");
        await _fixture.RunAsync(Plan("runs", StorageType.Float32, static _ => { }, 10));
        TrainingHost host = _fixture.Host(Plan("runs", StorageType.Float32, static _ => { }) with
        {
            Resume = ResumeMode.Must,
            TimeBudget = TimeSpan.Zero,
            Reached = point => _reached.Enqueue(point),
        });
        host.Request(RunRequest.StopWithSnapshot);
        RunOutcome outcome = await host.RunAsync(static _ => 3)
            .WaitAsync(_limit, TestContext.Current.CancellationToken);
        // The request may come before the first iteration or during it.
        Assert.Equal(outcome.Iteration > 10, _reached.Contains(FaultPoint.SnapshotBegun));
        Assert.Contains(10, Valid());
    }

    private RunPlan Plan(string runs, StorageType precision, Action<int> hook, int end = 40) =>
        _fixture.Plan(new PlanOptions
        {
            MaxIter = end,
            Precision = precision,
            Devices = [DeviceId.TryParse(TestDevices.Name)!.Value],
        }, runs) with
        {
            Extensions = _fixture.Hooked(hook).Extensions,
        };

    private int[] Valid() =>
    [
        .. new SnapshotStore(Path.Combine(_fixture.RunFolder(), "snapshots", "snap")).List()
            .Where(entry => entry.IsValid).Select(entry => entry.Iteration),
    ];

    private void HoldTheFirst(FaultPoint point)
    {
        _reached.Enqueue(point);
        if (point == FaultPoint.SnapshotBegun && !_releasedInTime)
            _releasedInTime = _release.Wait(_limit);
    }
}
