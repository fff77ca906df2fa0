using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>A run that diverges goes back to an older snapshot, with a lower rate, as often as it may.</summary>
public sealed class RollbackTests : IDisposable
{
    // Weights beyond the range at the given rate, and well within it at a rate that is 1e-30 times as high.
    private const string TooFast = "base_lr: 1e30";

    private static readonly DivergenceSettings Once = new(DivergenceAction.Rollback, 1e-6, 10);

    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private int Lines(string text) =>
        _fixture.Log.ToString().Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

    private MetricRow[] Rows(string name) =>
    [
        .. MetricReader.Read(Path.Combine(_fixture.RunFolder(), "metrics"))
            .Where(row => row.Split == "train" && row.Name == name),
    ];

    [Fact]
    public async Task RunWithoutASnapshot_BeginsAnewWithALowerRate()
    {
        _fixture.WriteSolver(TooFast);
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan() with { OnDivergence = Once });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.InRange(Lines("Going back to iteration 0 (rollback"), 1, 10);
        Assert.Equal(Lines("Going back to"), Lines("lower base_lr"));
        Assert.Equal(Lines("Going back to"), Rows("rollbacks")[^1].Value);
        // As often as it went back, the rate fell to a millionth.
        Assert.InRange(Rows("lr").First(row => row.Step == 0).Value, 0, 1e25);
    }

    [Fact]
    public async Task RunThatGoesBack_EqualsOneThatBeganWithTheLowerRate()
    {
        _fixture.WriteSolver("base_lr: 0.0625");
        await _fixture.RunAsync(_fixture.Plan(runs: "slow"));
        // 2^80 times as fast, and back by as much: no rate is rounded.
        _fixture.WriteSolver("base_lr: 75557863725914323419136");
        await _fixture.RunAsync(_fixture.Plan(runs: "back") with
        {
            OnDivergence = new(DivergenceAction.Rollback, Math.ScaleB(1, -80), 1),
        });
        Assert.Equal(1, Lines("Going back to iteration 0 (rollback 1 of 1)"));
        Assert.Equal(_fixture.Snapshot(40, "slow").Model, _fixture.Snapshot(40, "back").Model);
        Assert.Equal(_fixture.Metrics("slow"),
            _fixture.Metrics("back").Where(row => !row.Contains("rollbacks", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task RunGoesBackToItsNewestSnapshotBefore_AndOnWithItWhenResumed()
    {
        _fixture.WriteSolver("snapshot: 10 base_lr: 0.05");
        _fixture.AddHook("TRAIN");
        bool spoiled = false;
        RunPlan plan = _fixture.Hooked(pass =>
        {
            if (pass != 17 || spoiled)
                return;
            // As a record that is no number would.
            spoiled = true;
            throw new CaffeException(ErrorCodes.NotFinite, FailureKind.Diverged, "a number is not finite");
        }) with
        { OnDivergence = new(DivergenceAction.Rollback, 0.5, 2) };
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), await _fixture.RunAsync(plan));
        Assert.Equal(1, Lines("Going back to iteration 10 (rollback 1 of 2)"));
        MetricRow[] rates = Rows("lr");
        Assert.Equal([0L, 5, 10, 15, 20, 25, 30, 35], rates.Select(row => row.Step));
        Assert.Equal(0.05, rates[1].Value, 1e-6);
        Assert.Equal(0.025, rates[2].Value, 1e-6);
        MetricRow told = Assert.Single(Rows("rollbacks"));
        Assert.Equal((10L, 1.0), (told.Step, told.Value));

        // From the snapshot of iteration 30 on, as if the process had died.
        foreach (string file in Directory.GetFiles(Path.Combine(_fixture.RunFolder(), "snapshots"), "*_iter_40.*"))
            File.Delete(file);
        await _fixture.RunAsync(plan with { Resume = ResumeMode.Must });
        Assert.Equal(1, Lines("Resuming at iteration 30"));
        Assert.Equal(0.05 * 0.5 * 0.25, Rows("lr").Single(row => row.Step == 35).Value, 1e-6);
    }

    [Fact]
    public async Task Limit_EndsTheRun()
    {
        _fixture.WriteSolver(TooFast);
        RunOutcome outcome = await _fixture.RunAsync(
            _fixture.Plan() with { OnDivergence = new(DivergenceAction.Rollback, 0.5, 2) });
        Assert.Equal((RunEnd.Failed, FailureKind.Diverged), (outcome.End, outcome.Failure!.Kind));
        Assert.Equal(1, Lines("Going back to iteration 0 (rollback 2 of 2)"));
        Assert.Equal(1, Lines("train.on-divergence.limit; it ends"));
    }

    [Fact]
    public async Task RunThatIsToStop_DoesNotGoBack()
    {
        _fixture.WriteSolver("");
        _fixture.AddHook("TRAIN");
        TrainingHost? host = null;
        RunPlan plan = _fixture.Hooked(pass =>
        {
            if (pass != 3)
                return;
            host!.Request(RunRequest.Stop);
            throw new CaffeException(ErrorCodes.NotFinite, FailureKind.Diverged, "a number is not finite");
        });
        host = _fixture.Host(plan with { OnDivergence = Once });
        RunOutcome outcome = await host.RunAsync(static _ => 0)
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(RunEnd.Failed, outcome.End);
        Assert.Equal(0, Lines("Going back"));
    }
}
