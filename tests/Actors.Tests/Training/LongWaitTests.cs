using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Runs;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Reads and writes that do not come back, as on a share that hangs: the run ends all the same.</summary>
public sealed class LongWaitTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();
    private readonly ManualResetEventSlim _release = new();
    private readonly TaskCompletionSource _returned = new();

    public void Dispose()
    {
        // Whoever hangs uses the fixture's files and the event.
        _release.Set();
        Assert.True(_returned.Task.Wait(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        _release.Dispose();
        _fixture.Dispose();
    }

    private RunManifest Manifest => RunDirectory.ReadManifest(_fixture.RunFolder());

    private void Hang()
    {
        if (_returned.Task.IsCompleted)
            return;
        _release.Wait(TimeSpan.FromMinutes(2));
        _returned.TrySetResult();
    }

    private RunPlan Scripted(Action<int> beforeLoad) => _fixture.Scripted(new BatchScript { BeforeLoad = beforeLoad })
        with
    { WaitLimit = TimeSpan.FromSeconds(1) };

    [Fact]
    public async Task ReadThatHangs_EndsTheRunAtTheLimit()
    {
        RunOutcome outcome = await _fixture.RunAsync(Scripted(number =>
        {
            if (number == 7)
                Hang();
        }));
        Assert.Equal((RunEnd.Failed, 7, ErrorCodes.TakesTooLong, FailureKind.Data),
            (outcome.End, outcome.Iteration, outcome.Failure?.Code, outcome.Failure?.Kind));
        Assert.Matches("layer 'data' got no batch .* within 1 s.*run.wait-limit", outcome.Failure!.Message);
        Assert.False(_release.IsSet);
        // It is told and free for the next start, although somebody still reads for it.
        Assert.Equal(RunState.Failed, Manifest.State);
        Assert.False(RunDirectory.IsHeld(_fixture.RunFolder()));
        Assert.Contains("the run ends without it", _fixture.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAheadThatHangs_DoesNotHoldUpTheEnd()
    {
        // The last one that is wanted is number 20, for the loss after the last iteration.
        RunOutcome outcome = await _fixture.RunAsync(Scripted(number =>
        {
            if (number == 21)
                Hang();
        }), new ImpatientTime());
        Assert.Equal(new RunOutcome(RunEnd.Finished, 20), outcome);
        Assert.Equal(RunState.Finished, Manifest.State);
        Assert.False(RunDirectory.IsHeld(_fixture.RunFolder()));
    }

    [Theory]
    [InlineData(10, 20)]    // the next one waits for it
    [InlineData(40, 40)]    // the last one is waited for
    public async Task SnapshotThatHangs_EndsTheRunAtTheLimit(int hanging, int end)
    {
        _fixture.WriteSolver("snapshot: 10");
        int begun = 0;
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan() with
        {
            WaitLimit = TimeSpan.FromSeconds(1),
            Reached = point =>
            {
                if (point == FaultPoint.SnapshotBegun && (begun += 10) == hanging)
                    Hang();
            },
        });
        Assert.Equal((RunEnd.Failed, end, ErrorCodes.TakesTooLong, FailureKind.Data),
            (outcome.End, outcome.Iteration, outcome.Failure?.Code, outcome.Failure?.Kind));
        Assert.Contains("snapshots' within 1 s", outcome.Failure!.Message, StringComparison.Ordinal);
        Assert.False(_release.IsSet);
        Assert.Equal(RunState.Failed, Manifest.State);
    }

    [Fact]
    public async Task MetricsThatHang_DoNotHoldUpTheEnd()
    {
        int parts = 0;
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan() with
        {
            WaitLimit = TimeSpan.FromSeconds(1),
            Reached = point =>
            {
                // The first goes before the snapshot; the second has the tests after it.
                if (point == FaultPoint.MetricsPartWritten && ++parts == 2)
                    Hang();
            },
        }, new ImpatientTime());
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Contains("ends without the files of its metrics", _fixture.Log.ToString(), StringComparison.Ordinal);
        Assert.Equal(RunState.Finished, Manifest.State);
        Assert.NotEmpty(_fixture.Snapshot(40).Model);
    }

    // Its timers, which the run's end has, are due at once.
    private sealed class ImpatientTime : TimeProvider
    {
        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
