using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Planning;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Training;

/// <summary>One global batch gives the same bits on any number of devices.</summary>
public sealed class ReproducibleRunTests : IDisposable
{
    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    private RunPlan On(int devices, string runs, int grain = 1, PlanOptions? options = null, int batch = 8)
    {
        RunPlan plan = _fixture.Plan(options, runs);
        plan.Nets.Train.Layer[0].DataParam.BatchSize = (uint)batch;
        return plan with
        {
            Parallel = new ParallelSettings
            {
                Devices = [.. Enumerable.Range(0, devices).Select(i => new DeviceId(DeviceId.Cpu, i))],
                BucketSize = 500,
                Scaling = BatchScaling.Strong,
                Reproducible = true,
                Grain = grain,
            },
        };
    }

    private void AddBatchNorm() => File.AppendAllText(_fixture.At("net.prototxt"), """
        layer { name: "side_bn" type: "BatchNorm" bottom: "pool" top: "side_bn" }
        layer { name: "side" type: "InnerProduct" bottom: "side_bn" top: "side" inner_product_param { num_output: 4
          weight_filler { type: "xavier" } } }
        layer { name: "loss2" type: "SoftmaxWithLoss" bottom: "side" bottom: "label" top: "loss2" }
        """);

    private string Model(string runs, int iteration = 40) =>
        Convert.ToHexString(_fixture.Snapshot(iteration, runs).Model);

    private string[] LossAndTests(string runs) =>
        [.. _fixture.Metrics(runs).Where(row => row.Contains(" train loss ", StringComparison.Ordinal)
            || row.Contains(" test0 ", StringComparison.Ordinal))];

    [Theory]
    [InlineData(1, "", false, 2, 4, 8)]
    [InlineData(2, "", true, 2, 4)]
    [InlineData(2, "iter_size: 2", false, 2, 4)]
    [InlineData(2, "clip_gradients: 0.2 type: 'Adam' momentum2: 0.999 base_lr: 0.01", false, 4)]
    public async Task AnyNumberOfDevices_GivesTheSameBits(
        int grain, string solver, bool batchNorm, params int[] others)
    {
        _fixture.WriteSolver(solver);
        if (batchNorm)
            AddBatchNorm();
        await _fixture.RunAsync(On(1, "one", grain));
        foreach (int devices in others)
        {
            await _fixture.RunAsync(On(devices, $"on{devices}", grain));
            Assert.Equal(Model("one"), Model($"on{devices}"));
            Assert.Equal(LossAndTests("one"), LossAndTests($"on{devices}"));
        }
    }

    [Fact]
    public async Task ThreeDevices_GiveTheBitsOfOneWhereTheTreeIsTheirs()
    {
        // Twelve images are split at eight by the tree of one device, and so are three times four.
        await _fixture.RunAsync(On(1, "one", batch: 12));
        await _fixture.RunAsync(On(3, "three", batch: 12));
        Assert.Equal(Model("one"), Model("three"));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(4)]
    public async Task CutRun_EqualsTheUncutOneOnAnyNumberOfDevices(int others)
    {
        await _fixture.RunAsync(On(1, "uncut"));
        _fixture.WriteSolver("snapshot: 13");
        await _fixture.RunAsync(On(2, "cut", options: new PlanOptions { MaxIter = 13 }));
        _fixture.WriteSolver("");
        RunOutcome outcome = await _fixture.RunAsync(On(others, "cut") with { Resume = ResumeMode.Auto });
        Assert.Equal(new RunOutcome(RunEnd.Finished, 40), outcome);
        Assert.Contains("Resuming at iteration 13", _fixture.Log.ToString(), StringComparison.Ordinal);
        Assert.Equal(Model("uncut"), Model("cut"));
    }

    [Theory]
    [InlineData(2, 3, 8, "layer 'data'.* 4 images .*power of two times the 3 .*shares of 3 or 6 images")]
    [InlineData(2, 2, 12, "6 images .*shares of 4 or 8 images")]
    [InlineData(1, 3, 8, "8 images .*a multiple of the 3")]
    [InlineData(3, 1, 8, "batch_size 8 cannot be divided among 3 devices.*6 or 9 would do")]
    public async Task BatchThatCannotBeCut_IsRefusedWithNumbersThatFit(
        int devices, int grain, int batch, string expected)
    {
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(
            () => _fixture.RunAsync(On(devices, "runs", grain, batch: batch)));
        Assert.Equal((ErrorCodes.BadSetting, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Matches(expected, failure.Message);
    }

    [Fact]
    public async Task Ring_IsRefused()
    {
        RunPlan plan = On(2, "runs");
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(
            plan with { Parallel = plan.Parallel with { Reduction = ReductionKind.Ring } }));
        Assert.Contains("parallel.reduction = tree", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NetThatReadsNoBatches_IsRefused()
    {
        File.WriteAllText(_fixture.At("net.prototxt"), """
            name: "none"
            layer { name: "data" type: "DummyData" top: "x" top: "t"
              dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 3 } } }
            layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "t" top: "loss" }
            """);
        File.WriteAllText(_fixture.At("solver.prototxt"),
            $"net: '{_fixture.At("net.prototxt")}' base_lr: 0.1 lr_policy: 'fixed' max_iter: 2");
        RunPlan plan = _fixture.Plan();
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(
            plan with { Parallel = new ParallelSettings { Reproducible = true } }));
        Assert.Contains("no layer of it has a batch_size", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IterSizeThatIsNoPowerOfTwo_IsRefusedOnSeveralDevices()
    {
        _fixture.WriteSolver("iter_size: 3");
        await _fixture.RunAsync(On(1, "one"));
        CaffeException failure = await Assert.ThrowsAsync<CaffeException>(() => _fixture.RunAsync(On(2, "two")));
        Assert.Contains("iter_size must be a power of two, not 3", failure.Message, StringComparison.Ordinal);
    }
}
