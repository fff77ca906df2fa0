using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;
using CaffeActors.Data.Metrics;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Whole runs on several devices: what they do to the bits, how they are cut, resumed, and fail.</summary>
public sealed class ParallelRunTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private RunPlan On(int devices, string runs, PlanOptions? options = null) =>
        _fixture.Plan(options, runs) with
        {
            Parallel = new ParallelSettings
            {
                Devices = [.. Enumerable.Range(0, devices).Select(i => new DeviceId(DeviceId.Cpu, i))],
                BucketSize = 500,
            },
        };

    private string Model(string runs, int iteration = 40) =>
        Convert.ToHexString(_fixture.Snapshot(iteration, runs).Model);

    private string State(string runs, int iteration = 40) =>
        Convert.ToHexString(_fixture.Snapshot(iteration, runs).State);

    [Fact]
    public async Task TwentyRuns_GiveOneHash()
    {
        HashSet<string> models = [];
        for (int i = 0; i < 20; i++)
        {
            await _fixture.RunAsync(On(3, $"run{i}", new PlanOptions { Threads = 1 + (i % 4), MaxIter = 10 }));
            models.Add(Model($"run{i}", 10));
        }

        Assert.Single(models);
    }

    [Fact]
    public async Task Run_TellsDevicesAndEffectiveBatch()
    {
        _fixture.WriteSolver("iter_size: 2");
        RunOutcome outcome = await _fixture.RunAsync(On(3, "runs", new PlanOptions { Threads = 4, MaxIter = 6 }));
        Assert.Equal(new RunOutcome(RunEnd.Finished, 6), outcome);
        string log = _fixture.Log.ToString();
        Assert.Contains("Devices: cpu:0 (2 threads), cpu:1 (1 thread), cpu:2 (1 thread)", log,
            StringComparison.Ordinal);
        Assert.Contains("Effective batch: 3 x 8 x 2 (iter_size) = 48 images", log, StringComparison.Ordinal);
        // Position 50 records: an epoch is over after 50 / 48 iterations.
        IReadOnlyList<MetricRow> rows = MetricReader.Read(Path.Combine(_fixture.RunFolder(), "metrics"));
        Assert.Equal(5 * 48 / 50.0, rows.First(row => row is { Name: "lr", Step: 5 }).Epoch);
        Assert.Equal([0, 1, 2], rows.Where(row => row is { Name: "replica_loss", Step: 5 }).Select(row => row.Rank)
            .Order());
    }

    [Theory]
    [InlineData(2, 7, "")]
    [InlineData(3, 20, "iter_size: 2")]
    [InlineData(2, 20, "clip_gradients: 0.1")]
    public async Task CutRun_EqualsTheUncutOne(int devices, int k, string solver)
    {
        _fixture.WriteSolver(solver);
        await _fixture.RunAsync(On(devices, "uncut"));
        _fixture.WriteSolver($"{solver} snapshot: {k}");
        await _fixture.RunAsync(On(devices, "cut", new PlanOptions { MaxIter = k + 3 }));
        foreach (string file in Directory.GetFiles(
            Path.Combine(_fixture.RunFolder("cut"), "snapshots"), $"*_{k + 3}.*"))
            File.Delete(file);
        _fixture.WriteSolver(solver);
        RunOutcome outcome = await _fixture.RunAsync(On(devices, "cut") with { Resume = ResumeMode.Auto });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Contains($"Resuming at iteration {k}", _fixture.Log.ToString(), StringComparison.Ordinal);
        Assert.Equal((Model("uncut"), State("uncut")), (Model("cut"), State("cut")));
        Assert.Equal(_fixture.Metrics("uncut"), _fixture.Metrics("cut"));
    }

    [Fact]
    public async Task SnapshotOfOtherDevices_IsRefusedWithBothNumbers()
    {
        await _fixture.RunAsync(On(2, "two", new PlanOptions { MaxIter = 10 }));
        string state = Path.Combine(_fixture.RunFolder("two"), "snapshots", "snap_iter_10.solverstate");
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(
            () => _fixture.RunAsync(On(3, "three", new PlanOptions { Snapshot = state })));
        Assert.Equal(ErrorCodes.BadSnapshot, failure.Code);
        Assert.Matches("of 2 replica.*this run has 3", failure.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task ReplicaThatFails_EndsTheRunWithItsDevice(int rank)
    {
        _fixture.AddHook("TRAIN");
        RunOutcome outcome = await _fixture.RunAsync(On(3, "runs") with
        {
            Extensions = new Dictionary<string, object>
            {
                ["data"] = new DataExtension(Shuffle: true),
                ["hook"] = (Action<int, int>)((pass, at) =>
                    _ = (pass, at) == (12, rank) ? throw new InvalidOperationException("of a fault") : 0),
            },
        });
        Assert.Equal((RunEnd.Failed, 12, FailureKind.Internal),
            (outcome.End, outcome.Iteration, outcome.Failure!.Kind));
        Assert.Matches($@"'hook'.*of a fault.*iteration 12.*device cpu:{rank}\)", outcome.Failure.Message);
    }

    [Fact]
    public async Task RunThatDiverges_EndsAsOne()
    {
        _fixture.WriteSolver("base_lr: 1e30");
        RunOutcome outcome = await _fixture.RunAsync(On(2, "runs"));
        Assert.Equal((RunEnd.Failed, FailureKind.Diverged), (outcome.End, outcome.Failure!.Kind));
    }

    [Fact]
    public async Task SnapshotDiff_ChangesNoWeight()
    {
        await _fixture.RunAsync(On(2, "without"));
        _fixture.WriteSolver("snapshot_diff: true");
        await _fixture.RunAsync(On(2, "with"));
        NetParameter Of(string runs) => NetParameter.Parser.ParseFrom(_fixture.Snapshot(40, runs).Model);
        float[] Values(string runs) => [.. Of(runs).Layer.SelectMany(layer => layer.Blobs).SelectMany(blob => blob.Data)];
        Assert.Equal(Values("without"), Values("with"));
        Assert.Contains(Of("with").Layer.SelectMany(layer => layer.Blobs), blob => blob.Diff.Any(value => value != 0));
    }

    [Fact]
    public async Task StrongScaling_DividesTheBatchAndTellsOfTheRest()
    {
        RunPlan plan = On(3, "runs", new PlanOptions { MaxIter = 2 });
        await _fixture.RunAsync(plan with { Parallel = plan.Parallel with { Scaling = BatchScaling.Strong } });
        string log = _fixture.Log.ToString();
        Assert.Contains("batch_size 8 of layer 'data' is no multiple of 3 devices: each takes 3, 9 in all", log,
            StringComparison.Ordinal);
        Assert.Contains("Effective batch: 3 x 3 = 9 images", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DebugInfo_TellsOfThePassAndChangesNoBits()
    {
        await _fixture.RunAsync(On(2, "without"));
        _fixture.WriteSolver("debug_info: true");
        await _fixture.RunAsync(On(2, "with"));
        Assert.Equal(Model("without"), Model("with"));
        Assert.Contains("[Backward]", _fixture.Log.ToString(), StringComparison.Ordinal);
    }
}
