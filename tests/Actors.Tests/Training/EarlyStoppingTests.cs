using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>A run ends when a metric gets no better, and a resumed one knows how long it has waited.</summary>
public sealed class EarlyStoppingTests : IDisposable
{
    private static readonly EarlyStoppingSettings Loss = new(new MetricGoal("test0/loss", MetricMode.Min), Patience: 2);

    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    // Weights of 0 that stay so: every test gives ln 4.
    private void LearnNothing(string solver)
    {
        _fixture.WriteSolver("base_lr: 0 " + solver);
        File.WriteAllText(_fixture.At("net.prototxt"), File.ReadAllText(_fixture.At("net.prototxt"))
            .Replace("xavier", "constant", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(MetricMode.Max, 0, "1 2 1 3 3 2", 3.0, 2)]
    [InlineData(MetricMode.Min, 0, "5 4 4.5 3 2 2", 2.0, 1)]
    [InlineData(MetricMode.Max, 0.5, "1 1.25 1.5 1.75", 1.75, 0)]
    [InlineData(MetricMode.Max, 1, "1 1.5 2 NaN", 1.0, 3)]
    [InlineData(MetricMode.Min, 0, "NaN Infinity", null, 2)]
    public void Measurements_AreComparedWithTheBest(
        MetricMode mode, double delta, string values, double? best, int since)
    {
        var early = new EarlyStopping(new EarlyStoppingSettings(new MetricGoal("train/loss", mode), since, delta));
        foreach (string value in values.Split(' '))
        {
            early.Observe("train", "loss", double.Parse(value, System.Globalization.CultureInfo.InvariantCulture));
            early.Observe("test0", "loss", 100);
            early.Observe("train", "lr", -100);
        }

        Assert.Equal(new EarlyStoppingState(best, since), early.State);
        Assert.True(early.IsDue);
    }

    [Theory]
    [InlineData("", 20)]
    [InlineData("snapshot: 15", 20)]
    [InlineData("test_initialization: false", 30)]
    public async Task RunThatGetsNoBetter_EndsAsFinished(string solver, int end)
    {
        LearnNothing(solver);
        RunPlan plan = _fixture.Plan() with { EarlyStopping = Loss };
        Assert.Equal(new RunOutcome(RunEnd.Finished, end), await _fixture.RunAsync(plan));
        string log = _fixture.Log.ToString();
        Assert.Contains($"Early stopping at iteration {end}: test0/loss was no better than 1.38629 for 2 measurement",
            log, StringComparison.Ordinal);
        Assert.Contains("Optimization Done.", log, StringComparison.Ordinal);
        _fixture.Snapshot(end);
        // Whoever resumes it hears the same.
        Assert.Equal(new RunOutcome(RunEnd.Finished, end),
            await _fixture.RunAsync(plan with { Resume = ResumeMode.Must }));
    }

    [Fact]
    public async Task ResumedRun_HasWaitedAsLong()
    {
        LearnNothing("snapshot: 15");
        TrainingHost host = _fixture.Host(_fixture.Plan() with { EarlyStopping = Loss });
        await host.RunAsync(static _ => 0);
        foreach (string file in Directory.GetFiles(Path.Combine(_fixture.RunFolder(), "snapshots"), "*_iter_20.*"))
            File.Delete(file);
        RunOutcome outcome = await _fixture.RunAsync(
            _fixture.Plan() with { EarlyStopping = Loss, Resume = ResumeMode.Must });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 20), outcome);
    }

    [Theory]
    [InlineData("test0/acuracy")]
    [InlineData("test1/accuracy")]
    [InlineData("test0/accuracy[1]")]
    [InlineData("system/rss_bytes")]
    public async Task MetricThatIsNotMeasured_IsRefused(string metric)
    {
        RunPlan plan = _fixture.Plan() with { EarlyStopping = new(new MetricGoal(metric, MetricMode.Max)) };
        CaffeException refused = await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(plan));
        Assert.Equal((ErrorCodes.BadSetting, FailureKind.Configuration), (refused.Code, refused.Kind));
        Assert.Contains("it measures train/loss, train/output/loss, test0/accuracy, test0/loss", refused.Message,
            StringComparison.Ordinal);
    }
}
