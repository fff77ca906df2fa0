using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>A data base that goes away or is overwritten under a run.</summary>
public sealed class LostSourceTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(8192)]
    [InlineData(8192 + 100)]
    public async Task DatabaseThatIsCut_EndsTheRunWithItsPath(long length)
    {
        _fixture.AddHook("TRAIN");
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Hooked(pass =>
        {
            if (pass != 12)
                return;
            using var file = new FileStream(_fixture.At("db", "data.mdb"), FileMode.Open, FileAccess.Write,
                FileShare.ReadWrite | FileShare.Delete);
            file.SetLength(length);
        }));
        Assert.Equal((RunEnd.Failed, FailureKind.Data, ErrorCodes.SourceUnreadable),
            (outcome.End, outcome.Failure?.Kind, outcome.Failure?.Code));
        Assert.Contains($"LMDB '{_fixture.At("db")}' is damaged or incomplete: data.mdb ends after {length} of",
            outcome.Failure!.Message, StringComparison.Ordinal);
        Assert.True(outcome.Iteration >= 12);
    }

    [Fact]
    public async Task DatabaseThatIsDeleted_IsReadToTheEndAndMissedAtTheNextStart()
    {
        _fixture.AddHook("TRAIN");
        await _fixture.RunAsync(_fixture.Hooked(static _ => { }, "uncut"));
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Hooked(pass =>
        {
            if (pass == 12)
                Directory.Delete(_fixture.At("db"), recursive: true);
        }));
        // The system keeps an open file until it is closed.
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Equal(Convert.ToHexString(_fixture.Snapshot(40, "uncut").Model),
            Convert.ToHexString(_fixture.Snapshot(40).Model));
        RunPlan longer = _fixture.Hooked(static _ => { });
        longer.Solver.MaxIter = 60;
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(
            () => _fixture.RunAsync(longer with { Resume = ResumeMode.Must }));
        Assert.Equal((ErrorCodes.SourceUnreadable, FailureKind.Data), (failure.Code, failure.Kind));
        Assert.Contains($"'{_fixture.At("db")}' does not exist", failure.Message, StringComparison.Ordinal);
    }
}
