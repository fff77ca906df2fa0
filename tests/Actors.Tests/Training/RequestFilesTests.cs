using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Files in a run's folder ask for snapshots and for its end, and are taken away when that is done.</summary>
public sealed class RequestFilesTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private string Request(string name) => Path.Combine(_fixture.RunFolder(), name);

    private string[] Commits() =>
        Directory.GetFiles(Path.Combine(_fixture.RunFolder(), "snapshots"), "*.resume");

    [Fact]
    public async Task SnapshotAndThenStop_AreObeyedAndTakenAway()
    {
        _fixture.WriteSolver("snapshot_after_train: false test_initialization: false");
        _fixture.AddHook("TRAIN");
        bool asked = false, stopAsked = false;
        int commits = 0;
        RunPlan plan = _fixture.Hooked(_ =>
        {
            if (!asked)
            {
                asked = true;
                File.WriteAllText(Request(RequestFiles.Snapshot), "");
            }
            else if (!stopAsked && !File.Exists(Request(RequestFiles.Snapshot)))
            {
                stopAsked = true;
                commits = Commits().Length;
                File.WriteAllText(Request(RequestFiles.Stop), "");
            }
        });
        plan.Solver.MaxIter = 100_000_000;
        RunOutcome outcome = await _fixture.RunAsync(plan);
        Assert.Equal(RunEnd.Stopped, outcome.End);
        Assert.Equal(1, commits);
        Assert.Equal(2, Commits().Length);
        Assert.Contains(
            Commits(), path => path.EndsWith($"_iter_{outcome.Iteration}.resume", StringComparison.Ordinal));
        Assert.False(File.Exists(Request(RequestFiles.Stop)));
        Assert.Contains("REQUEST_STOP is there", _fixture.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestsFromBeforeTheStart_AreTakenAwayAndNotObeyed()
    {
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = 10 }));
        File.WriteAllText(Request(RequestFiles.Stop), "");
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan() with { Resume = ResumeMode.Must });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.False(File.Exists(Request(RequestFiles.Stop)));
        Assert.Contains("was there before this start", _fixture.Log.ToString(), StringComparison.Ordinal);
    }
}
