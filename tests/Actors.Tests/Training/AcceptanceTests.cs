using System.Xml.Linq;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>A finished run is judged by its thresholds: in the log, in a JUnit file, by its failure.</summary>
public sealed class AcceptanceTests : IDisposable
{
    private static readonly AcceptanceThreshold Met = new("test0/accuracy", MetricMode.Max, 0, default);
    private static readonly AcceptanceThreshold Missed =
        new("test0/loss", MetricMode.Min, -1, new SourcePlace("run.hocon", 3, 5));

    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private RunPlan Plan(params AcceptanceThreshold[] thresholds) =>
        _fixture.Plan() with { Acceptance = thresholds };

    private XElement Suite() =>
        XDocument.Load(Path.Combine(_fixture.RunFolder(), "acceptance.xml")).Root!.Element("testsuite")!;

    [Fact]
    public async Task RunThatMeetsAll_IsFinished()
    {
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), await _fixture.RunAsync(Plan(Met)));
        Assert.Contains("Acceptance: test0/accuracy >= 0: met, 0.", _fixture.Log.ToString(), StringComparison.Ordinal);
        XElement suite = Suite();
        Assert.Equal(("1", "0"), ((string?)suite.Attribute("tests"), (string?)suite.Attribute("failures")));
        Assert.Equal("test0/accuracy >= 0", (string?)suite.Element("testcase")!.Attribute("name"));
        Assert.EndsWith("at iteration 40", (string?)suite.Element("testcase")!.Element("system-out"));
    }

    [Fact]
    public async Task RunThatMissesOne_FailsAtItsPlace_AndAgainWhenNothingIsLeftToDo()
    {
        RunPlan plan = Plan(Met, Missed);
        RunOutcome outcome = await _fixture.RunAsync(plan);
        Assert.Equal((RunEnd.Finished, 40), (outcome.End, outcome.Iteration));
        Assert.Equal((ErrorCodes.Unaccepted, FailureKind.Unaccepted, 3),
            (outcome.Failure?.Code, outcome.Failure?.Kind, outcome.Failure?.Place?.Line));
        Assert.Matches(@"test0/loss <= -1 is wanted, \d[\d.]* at iteration 40", outcome.Failure?.Message);
        Assert.DoesNotContain("accuracy", outcome.Failure?.Message);
        XElement suite = Suite();
        Assert.Equal(("2", "1"), ((string?)suite.Attribute("tests"), (string?)suite.Attribute("failures")));
        Assert.Single(suite.Descendants("failure"));
        Assert.Contains("error CFA1602", await File.ReadAllTextAsync(
            Path.Combine(_fixture.RunFolder(), "train.log"), TestContext.Current.CancellationToken));

        outcome = await _fixture.RunAsync(plan with { Resume = ResumeMode.Auto });
        Assert.Equal((RunEnd.Finished, ErrorCodes.Unaccepted), (outcome.End, outcome.Failure?.Code));
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40),
            await _fixture.RunAsync(Plan(Met) with { Resume = ResumeMode.Auto }));
    }

    [Fact]
    public async Task MetricThatNoTestMeasured_IsMissed()
    {
        // Known, but the first test would come after the last iteration.
        _fixture.WriteSolver("test_initialization: false");
        File.WriteAllText(_fixture.At("solver.prototxt"), File.ReadAllText(_fixture.At("solver.prototxt"))
            .Replace("test_interval: 10", "test_interval: 1000", StringComparison.Ordinal));
        RunOutcome outcome = await _fixture.RunAsync(Plan(Met));
        Assert.Contains("test0/accuracy >= 0 is wanted, not measured", outcome.Failure?.Message);
    }

    [Fact]
    public async Task MetricThatNoTestHas_IsRefusedBeforeTheRun()
    {
        var unknown = new AcceptanceThreshold("test0/acuracy", MetricMode.Max, 0, new SourcePlace("run.hocon", 2, 1));
        CaffeException failure =
            await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(Plan(unknown)));
        Assert.Equal((ErrorCodes.BadSetting, 2), (failure.Code, failure.Place?.Line));
        Assert.Contains("they measure test0/", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_fixture.At("runs")));
    }

    [Fact]
    public async Task StoppedRun_IsNotJudged()
    {
        TrainingHost host = _fixture.Host(Plan(Missed));
        host.Request(RunRequest.StopWithSnapshot);
        RunOutcome outcome = await host.RunAsync(static _ => 0);
        Assert.Equal((RunEnd.Stopped, null), (outcome.End, outcome.Failure));
        Assert.False(File.Exists(Path.Combine(_fixture.RunFolder(), "acceptance.xml")));
    }

    [Theory]
    [InlineData(MetricMode.Max, 0.5, 0.5, true)]
    [InlineData(MetricMode.Max, 0.5, 0.49, false)]
    [InlineData(MetricMode.Min, 0.5, 0.5, true)]
    [InlineData(MetricMode.Min, 0.5, 0.51, false)]
    [InlineData(MetricMode.Max, 0.5, double.NaN, false)]
    [InlineData(MetricMode.Min, 0.5, double.NaN, false)]
    public void Limit_IsGoodEnoughItself(MetricMode mode, double limit, double value, bool met) =>
        Assert.Equal(met, new AcceptanceThreshold("test0/a", mode, limit, default).IsMetBy(value));
}
