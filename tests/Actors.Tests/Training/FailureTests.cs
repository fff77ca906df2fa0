using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Metrics;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>Whatever fails, a run ends in order or goes on; it never hangs and loses nothing it has measured.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private string[] LinesWith(string text) =>
        [.. _fixture.Log.ToString().Split('\n').Where(line => line.Contains(text, StringComparison.Ordinal))];

    private string Folder(string name) => Path.Combine(_fixture.RunFolder(), name);

    // A file in a folder's place cannot be written into, not even by root.
    private void Break(string name)
    {
        Directory.Move(Folder(name), Folder(name) + ".aside");
        File.WriteAllText(Folder(name), "");
    }

    private string[] Files(string name) =>
        [.. Directory.GetFiles(Folder(name)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Fact]
    public void RunThatCannotFit_IsRefusedBeforeItBegins()
    {
        _fixture.WriteSolver("snapshot: 5");
        RunPlan plan = _fixture.Plan() with { MemoryLimit = 10_000 };
        CaffeException refused = Assert.Throws<CaffeException>(
            () => TrainingRunBuilder.Build(
                plan, TrainingFixture.Catalog, new RunLog(_fixture.Log), TimeProvider.System));
        Assert.Equal((ErrorCodes.OutOfMemory, FailureKind.Configuration), (refused.Code, refused.Kind));
        Assert.Contains("the solver's history", refused.Message, StringComparison.Ordinal);
        Assert.Contains("a snapshot's copy", refused.Message, StringComparison.Ordinal);
        Assert.Contains("there are 9.8 KiB", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_fixture.At("runs")));
    }

    [Fact]
    public async Task ThrowingLayer_EndsTheRunWithItsNameAndIteration()
    {
        _fixture.AddHook("TRAIN");
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Hooked(
            pass => _ = pass == 12 ? throw new InvalidOperationException("of a fault") : 0));
        Assert.Equal((RunEnd.Failed, 12, FailureKind.Internal),
            (outcome.End, outcome.Iteration, outcome.Failure!.Kind));
        Assert.Matches("'hook'.*of a fault.*iteration 12", outcome.Failure.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task DeviceThatFails_EndsTheRunWithMetricsAndSnapshotWhole(int replicas)
    {
        _fixture.WriteSolver("snapshot: 10");
        DeviceId first = DeviceId.TryParse(TestDevices.Name)!.Value;
        RunPlan plan = _fixture.Plan(new PlanOptions
        {
            Devices = [.. Enumerable.Range(0, replicas).Select(i =>
                i == 0 || (first.Kind == DeviceId.Gpu && GpuPlatform.Count > 1) ? first with { Number = i }
                : new DeviceId(DeviceId.Cpu, i))],
        });
        RunOutcome outcome = await _fixture.RunAsync(plan with { Fault = new Fault(FaultPoint.Device, "ip1", 12) });
        Assert.Equal((RunEnd.Failed, 12), (outcome.End, outcome.Iteration));
        Assert.Equal((ErrorCodes.DeviceFailed, FailureKind.Device), (outcome.Failure!.Code, outcome.Failure.Kind));
        string device = plan.Parallel.Devices[^1] is { Kind: DeviceId.Gpu } gpu
            ? $"GPU {gpu.Number} " : $"device {plan.Parallel.Devices[^1]} ";
        Assert.Matches($"^layer 'ip1': {device}.*failed: .*iteration 12", outcome.Failure.Message);
        Assert.Equal([0L, 5L, 10L], MetricReader.Read(Folder("metrics"))
            .Where(row => row is { Split: "train", Name: "lr" }).Select(row => row.Step));
        // What is there is whole: the run goes on from it to its end.
        Assert.Equal(["snap_iter_10.caffemodel", "snap_iter_10.resume", "snap_iter_10.solverstate"],
            Files("snapshots"));
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40),
            await _fixture.RunAsync(plan with { Resume = ResumeMode.Must }));
        Assert.Single(LinesWith("Resuming at iteration 10"));
    }

    [Fact]
    public async Task FaultOfALayerThatIsNotThere_IsRefused()
    {
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(
            _fixture.Plan() with { Fault = new Fault(FaultPoint.Device, "none", 0) }));
        Assert.Contains("the layer 'none'", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    public async Task ActorThatDies_EndsTheRunAndItsMetricsAreWritten(int asked)
    {
        int asks = 0;
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Scripted(new BatchScript
        {
            Depth = () => asks++ < asked ? 0 : throw new InvalidOperationException("no depth"),
        }));
        Assert.Equal((RunEnd.Failed, FailureKind.Internal), (outcome.End, outcome.Failure!.Kind));
        Assert.Contains("no depth", outcome.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(asked == 0 ? 0 : asked - 1, outcome.Iteration);
        Assert.Equal(asked == 0 ? [] : [0L, 5L], MetricReader.Read(Folder("metrics"))
            .Where(row => row is { Split: "train", Name: "lr" }).Select(row => row.Step));
    }

    [Fact]
    public async Task SourceThatFails_EndsTheRunWhenTheBatchesBeforeItAreUsed()
    {
        var script = new BatchScript
        {
            BeforeLoad = number => _ = number == 7
                ? throw new CaffeException(
                    ErrorCodes.SourceUnreadable, FailureKind.Data, "record '00000028' is damaged")
                : 0,
        };
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Scripted(script));
        Assert.Equal((RunEnd.Failed, 7, FailureKind.Data), (outcome.End, outcome.Iteration, outcome.Failure!.Kind));
        Assert.Matches("record '00000028'.*iteration 7", outcome.Failure.Message);
        Assert.Equal(7, script.Loads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Prefetcher_ReadsNoMoreThanItIsAskedTo(int depth)
    {
        var script = new BatchScript { Depth = () => depth };
        Assert.Equal(RunEnd.Finished, (await _fixture.RunAsync(_fixture.Scripted(script))).End);
        Assert.Equal(depth + 1, script.Buffers);
        // 20 iterations, the loss at the end, and what was read ahead.
        Assert.InRange(script.Loads, 21, 21 + depth);
    }

    [Fact]
    public async Task OneFailedSnapshot_IsToldAndTheRunGoesOn()
    {
        _fixture.WriteSolver("snapshot: 10");
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan() with { Reached = Failing(number => number == 1) });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Single(LinesWith("there is no snapshot of iteration 10"));
        Assert.DoesNotContain("snap_iter_10.resume", Files("snapshots"));
        Assert.Contains("snap_iter_20.resume", Files("snapshots"));
        Assert.Equal([(10L, 1.0)], MetricReader.Read(Folder("metrics"))
            .Where(row => row is { Split: "system", Name: "failed_snapshots" }).Select(row => (row.Step, row.Value)));
    }

    [Fact]
    public async Task SnapshotsThatFailNowAndThen_EndNothing()
    {
        _fixture.WriteSolver("snapshot: 5");
        RunOutcome outcome =
            await _fixture.RunAsync(_fixture.Plan() with { Reached = Failing(number => number % 2 == 1) });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Equal([1.0, 2, 3, 4], MetricReader.Read(Folder("metrics"))
            .Where(row => row.Name == "failed_snapshots").Select(row => row.Value));
    }

    [Fact]
    public async Task TwoFailedSnapshotsInARow_EndTheRunAndKeepTheOneBefore()
    {
        _fixture.WriteSolver("snapshot: 5");
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Plan() with { Reached = Failing(number => number > 1) });
        Assert.Equal((RunEnd.Failed, FailureKind.Data), (outcome.End, outcome.Failure!.Kind));
        Assert.InRange(outcome.Iteration, 15, 20);
        Assert.Contains("there is no snapshot of iteration 15", outcome.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, Files("snapshots").Length);
    }

    [Fact]
    public async Task LastSnapshotThatFails_IsNoSuccess()
    {
        _fixture.AddHook("TRAIN");
        RunOutcome outcome = await _fixture.RunAsync(_fixture.Hooked(pass =>
        {
            if (pass == 39)
                Break("snapshots");
        }));
        Assert.Equal((RunEnd.Failed, 40, FailureKind.Data), (outcome.End, outcome.Iteration, outcome.Failure!.Kind));
    }

    [Fact]
    public async Task Metrics_AreOnDiskWhenASnapshotIs()
    {
        _fixture.WriteSolver("snapshot: 20");
        List<long[]> steps = [];
        await _fixture.RunAsync(_fixture.Plan() with
        {
            Reached = point =>
            {
                if (point == FaultPoint.SnapshotBegun)
                {
                    steps.Add([.. MetricReader.Read(Folder("metrics"))
                        .Where(row => row.Name == "lr").Select(row => row.Step)]);
                }
            },
        });
        Assert.Equal([0, 5, 10, 15], steps[0]);
    }

    // The snapshots, numbered from 1, that find the disk full.
    private static Action<FaultPoint> Failing(Func<int, bool> fails)
    {
        int number = 0;
        return point => _ = point == FaultPoint.SnapshotBegun && fails(++number)
            ? throw new IOException("No space left on device") : 0;
    }
}
