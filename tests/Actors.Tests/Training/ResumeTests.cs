using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu.Blas;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Solvers;
using CaffeActors.Data.Runs;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>A run cut anywhere and resumed equals the uncut one, bit for bit.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(7)]
    [InlineData(20)]
    [InlineData(33)]
    public async Task CutRun_EqualsTheUncutOne(int k)
    {
        await _fixture.RunAsync(_fixture.Plan(runs: "uncut"));

        // Cut by a snapshot at k in mid-epoch; what the run did after it is lost, as by a kill.
        _fixture.WriteSolver($"snapshot: {k}");
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = k + 3 }, "cut"));
        foreach (string file in Directory.GetFiles(
            Path.Combine(_fixture.RunFolder("cut"), "snapshots"), $"*_{k + 3}.*"))
            File.Delete(file);
        _fixture.WriteSolver("");
        RunOutcome outcome =
            await _fixture.RunAsync(_fixture.Plan(runs: "cut") with { Resume = ResumeMode.Auto, Threads = 3 });

        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Contains($"Resuming at iteration {k}", _fixture.Log.ToString(), StringComparison.Ordinal);
        (byte[] model, byte[] state) = _fixture.Snapshot(40, "uncut");
        (byte[] cutModel, byte[] cutState) = _fixture.Snapshot(40, "cut");
        Assert.Equal(Convert.ToHexString(model), Convert.ToHexString(cutModel));
        Assert.Equal(Convert.ToHexString(state), Convert.ToHexString(cutState));
        Assert.Equal(_fixture.Metrics("uncut"), _fixture.Metrics("cut"));
    }

    [Theory]
    [InlineData(StorageType.Float16, true)]
    [InlineData(StorageType.BFloat16, false)]
    public async Task CutRun_In16Bits_EqualsTheUncutOne(StorageType precision, bool adaptive)
    {
        RunPlan Plan(string runs, int? end = null) => _fixture.Plan(new PlanOptions
        {
            MaxIter = end,
            Precision = precision,
            GradScale = adaptive ? new GradScaleSetting(null, true) : null,
        }, runs);
        await _fixture.RunAsync(Plan("uncut"));
        Assert.Contains($"Blobs are kept in {StorageNames.NameOf(precision)}", _fixture.Log.ToString(),
            StringComparison.Ordinal);
        _fixture.WriteSolver("snapshot: 17");
        await _fixture.RunAsync(Plan("cut", 17));
        _fixture.WriteSolver("");
        RunOutcome outcome =
            await _fixture.RunAsync(Plan("cut") with { Resume = ResumeMode.Auto, Threads = 3 });

        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Equal(_fixture.Snapshot(40, "uncut").Model, _fixture.Snapshot(40, "cut").Model);
        Assert.Equal(_fixture.Snapshot(40, "uncut").State, _fixture.Snapshot(40, "cut").State);
        string resume = await File.ReadAllTextAsync(
            Directory.GetFiles(Path.Combine(_fixture.RunFolder("cut"), "snapshots"), "*_17.resume").Single(),
            TestContext.Current.CancellationToken);
        Assert.Equal(!adaptive, resume.Contains("\"grad_scale\": null", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("plateau_winsize: 2 rampup_interval: 4 rampup_lr: 0.001 min_lr: 0.0001", 13)]
    [InlineData("plateau_winsize: [3, 1] larc: true larc_turbo: true larc_eta: 0.02", 21)]
    [InlineData("plateau_winsize: 5 larc: true larc_policy: 'clip' momentum_policy: 'poly' "
        + "weight_decay_policy: 'poly' max_weight_decay: 0.01", 22)]
    public async Task CutRun_WithSettingsOfTheFork_EqualsTheUncutOne(string settings, int k)
    {
        WriteSolver("");
        await _fixture.RunAsync(_fixture.Plan(runs: "uncut"));
        WriteSolver($"snapshot: {k}");
        // Where max_iter is part of the rates, the run is cut by losing its last snapshot.
        int? end = settings.Contains("poly", StringComparison.Ordinal) ? null : k;
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = end }, "cut"));
        foreach (string file in Directory.GetFiles(
            Path.Combine(_fixture.RunFolder("cut"), "snapshots"), "*_40.*"))
            File.Delete(file);
        WriteSolver("");
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan(runs: "cut") with { Resume = ResumeMode.Auto });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Contains($"Resuming at iteration {k}", _fixture.Log.ToString(), StringComparison.Ordinal);
        Assert.Contains("Plateau Status: ", _fixture.Log.ToString(), StringComparison.Ordinal);
        (byte[] model, byte[] state) = _fixture.Snapshot(40, "uncut");
        (byte[] cutModel, byte[] cutState) = _fixture.Snapshot(40, "cut");
        Assert.Equal(Convert.ToHexString(model), Convert.ToHexString(cutModel));
        Assert.Equal(Convert.ToHexString(state), Convert.ToHexString(cutState));

        void WriteSolver(string more) => File.WriteAllText(_fixture.At("solver.prototxt"), $"""
            net: "{_fixture.At("net.prototxt")}" momentum: 0.5 weight_decay: 0.001 lr_policy: "plateau" gamma: 0.5
            display: 5 average_loss: 3 test_iter: 3 test_interval: 10 max_iter: 40 solver_mode: CPU base_lr: 0.05
            snapshot_prefix: "{_fixture.At("snap")}" {settings} {more}
            """);
    }

    public static TheoryData<string> BlasChoices =>
        [BlasChoice.Managed, .. BlasChoice.Installed.Select(library => library.Choice)];

    [Theory]
    [MemberData(nameof(BlasChoices))]
    public async Task AutomaticBlas_StaysWhatItWas(string choice)
    {
        await _fixture.RunAsync(_fixture.Plan(runs: "uncut") with { Blas = choice });
        _fixture.WriteSolver("snapshot: 17");
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = 17 }, "cut") with { Blas = choice });
        string resume = await File.ReadAllTextAsync(
            Directory.GetFiles(Path.Combine(_fixture.RunFolder("cut"), "snapshots"), "*_17.resume").Single(),
            TestContext.Current.CancellationToken);
        Assert.Contains($"\"blas\": \"{choice}\"", resume, StringComparison.Ordinal);
        _fixture.WriteSolver("");
        RunOutcome outcome = await _fixture.RunAsync(
            _fixture.Plan(runs: "cut") with { Resume = ResumeMode.Auto, Blas = BlasChoice.Auto });

        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Contains($"Matrix products by {BlasChoice.Open(choice)?.Description ?? choice}",
            _fixture.Log.ToString(), StringComparison.Ordinal);
        Assert.Equal(_fixture.Snapshot(40, "uncut").Model, _fixture.Snapshot(40, "cut").Model);
        Assert.Equal(_fixture.Snapshot(40, "uncut").State, _fixture.Snapshot(40, "cut").State);
    }

    [Fact]
    public async Task MissingBlas_EndsTheRunBeforeItBegins()
    {
        _fixture.WriteSolver("snapshot: 17");
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = 17 }, "cut"));
        _fixture.WriteSolver("");
        string other = _fixture.At("libnone.so");
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(
            _fixture.Plan(runs: "cut") with { Resume = ResumeMode.Auto, Blas = other }));
        Assert.Contains($"the BLAS library '{other}' cannot be used", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutItsResumeFile_ASnapshotDoesNotGoOnExactly()
    {
        await _fixture.RunAsync(_fixture.Plan(runs: "uncut"));
        _fixture.WriteSolver("snapshot: 20");
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = 20 }, "half"));
        string prefix = Path.Combine(_fixture.RunFolder("half"), "snapshots", "snap_iter_20");
        File.Delete(prefix + ".resume");
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { Snapshot = prefix + ".solverstate" }, "rest"));
        Assert.NotEqual(_fixture.Snapshot(40, "uncut").Model, _fixture.Snapshot(40, "rest").Model);
        Assert.Contains("Resuming from a pair without .resume at iteration 20: data begin at their first record",
            _fixture.Log.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task AnyNumberOfThreads_GivesTheSameBits(int threads)
    {
        await _fixture.RunAsync(_fixture.Plan(runs: "two"));
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { Threads = threads }, "other"));
        Assert.Equal(Convert.ToHexString(_fixture.Snapshot(40, "two").Model),
            Convert.ToHexString(_fixture.Snapshot(40, "other").Model));
    }

    [Fact]
    public async Task FinishedRun_IsNotRunAgain()
    {
        await _fixture.RunAsync(_fixture.Plan());
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan() with { Resume = ResumeMode.Auto });
        Assert.Equal(RunEnd.Finished, outcome.End);
        Assert.Contains("are finished", _fixture.Log.ToString(), StringComparison.Ordinal);
        _fixture.RunFolder();
    }

    [Fact]
    public async Task RunThatFailedAfterItsLastSnapshot_MakesUpForItsEnd()
    {
        _fixture.AddHook("TEST");
        await _fixture.RunAsync(_fixture.Hooked(static _ => { }, "uncut"));
        // The tests after the last iteration are the passes from 12 on.
        RunOutcome failed = await _fixture.RunAsync(_fixture.Hooked(
            pass => _ = pass == 13 ? throw new InvalidOperationException("of a fault") : 0));
        Assert.Equal((RunEnd.Failed, 40), (failed.End, failed.Iteration));
        RunOutcome outcome = await _fixture.RunAsync(
            _fixture.Hooked(static _ => { }) with { Resume = ResumeMode.Must });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Equal(_fixture.Metrics("uncut"), _fixture.Metrics());
        Assert.Equal(RunState.Finished, RunDirectory.ReadManifest(_fixture.RunFolder()).State);
    }

    [Fact]
    public async Task NothingToGoOnWith_IsAnErrorForMustOnly()
    {
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(
            () => _fixture.RunAsync(_fixture.Plan() with { Resume = ResumeMode.Must }));
        Assert.Equal(FailureKind.NothingToResume, failure.Kind);
        Assert.Equal(40, (await _fixture.RunAsync(_fixture.Plan() with { Resume = ResumeMode.Auto })).Iteration);
    }

    [Fact]
    public async Task RunOfAnotherNetOrSolver_IsToldAndNotTaken()
    {
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = 10 }));
        _fixture.WriteSolver("base_lr: 0.01");
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(
            () => _fixture.RunAsync(_fixture.Plan() with { Resume = ResumeMode.Must }));
        Assert.Contains("another solver", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SnapshotOfAnotherSolverType_IsRefused()
    {
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { MaxIter = 10 }, "sgd"));
        string state = Path.Combine(_fixture.RunFolder("sgd"), "snapshots", "snap_iter_10.solverstate");
        _fixture.WriteSolver("type: \"Adam\"");
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(
            () => _fixture.RunAsync(_fixture.Plan(new PlanOptions { Snapshot = state }, "adam")));
        Assert.Equal(ErrorCodes.BadSnapshot, failure.Code);
    }

    [Fact]
    public async Task Snapshot_BringsItsSeedAlong()
    {
        RunPlan uncut = _fixture.Plan(runs: "uncut") with { Seed = null };
        uncut.Solver.RandomSeed = 11;
        await _fixture.RunAsync(uncut);
        _fixture.WriteSolver("snapshot: 20");
        RunPlan half = _fixture.Plan(new PlanOptions { MaxIter = 20 }, "half") with { Seed = null };
        half.Solver.RandomSeed = 11;
        await _fixture.RunAsync(half);
        string state = Path.Combine(_fixture.RunFolder("half"), "snapshots", "snap_iter_20.solverstate");
        await _fixture.RunAsync(_fixture.Plan(new PlanOptions { Snapshot = state }, "rest") with { Seed = null });
        Assert.Equal(Convert.ToHexString(_fixture.Snapshot(40, "uncut").Model),
            Convert.ToHexString(_fixture.Snapshot(40, "rest").Model));
    }
}
