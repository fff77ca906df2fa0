using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;

namespace CaffeActors.Compute.Tests.Nets.Memory;

public sealed class MemoryDemandTests : NetTests
{
    // 400 layers of 2^30 parameters: 1.6 TiB, four times in training.
    private static string Absurd => """
        state { phase: TRAIN }
        layer { name: "in" type: "Input" top: "x" top: "t"
          input_param { shape { dim: 64 dim: 32768 } shape { dim: 64 } } }

        """ + string.Concat(Enumerable.Range(0, 400).Select(
            i => Ip($"ip{i}", i == 0 ? "x" : $"ip{i - 1}", outputs: 32768))) + Loss("ip399");

    [Fact]
    public void AbsurdNet_IsRefusedWithTheSumBeforeItTakesAnything()
    {
        using Net net = Build(Absurd);
        using var device = new CpuDevice(1);
        using var optimizer = new Optimizer(
            new SolverParameter { BaseLr = 1, LrPolicy = "fixed", Momentum = 0.9f, Type = "Adam" }, net.LearnableParams,
            device);
        var demand = MemoryDemand.OfTraining([net], optimizer, []);
        CaffeException refused =
            Assert.Throws<CaffeException>(() => demand.RequireFits("training", 24L << 30));
        Assert.Equal((ErrorCodes.OutOfMemory, FailureKind.Configuration), (refused.Code, refused.Kind));
        Assert.StartsWith("training needs 64", refused.Message, StringComparison.Ordinal);
        foreach (string part in (string[])["parameters 1600.05 GiB", "their gradients 1600.05 GiB",
            "the solver's history 3200.10 GiB", "activations", "there are 24.00 GiB", "compute.recompute"])
            Assert.Contains(part, refused.Message, StringComparison.Ordinal);
        demand.RequireFits("training", demand.Bytes);
        Assert.Throws<CaffeException>(() => demand.RequireFits("training", demand.Bytes - 1));
    }

    [Theory]
    [InlineData("SGD", false, 2)]
    [InlineData("SGD", true, 3)]
    [InlineData("Adam", false, 3)]
    public void SnapshotCopy_NeedsParametersAndHistoryOnce(string type, bool withDiff, int blocks)
    {
        using Net net = Build(Input + Ip("ip", "x", outputs: 5) + Loss("ip"));
        using var device = new CpuDevice(1);
        using var optimizer = new Optimizer(
            new SolverParameter { BaseLr = 1, LrPolicy = "fixed", Momentum = 0.9f, Type = type }, net.LearnableParams,
            device);
        var demand = MemoryDemand.OfTraining([net], optimizer, []);
        long before = demand.Bytes;
        demand.AddSnapshotCopy(net, optimizer, withDiff);
        Assert.Equal(20 * sizeof(float) * blocks, demand.Bytes - before);
        Assert.Equal("a snapshot's copy", demand.Parts.Keys.Last());
        demand.AddExchange(1000);
        Assert.Equal(1000, demand.Parts["what nodes exchange"]);
    }

    [Fact]
    public void Forward_NeedsParametersAndActivations()
    {
        using Net net = Build(Input + Ip("ip", "x", outputs: 5));
        var demand = MemoryDemand.OfForward(net);
        // 5 x 3 weights and 5 biases; x (4 x 3), t (4) and the top (4 x 5).
        Assert.Equal((20 + 36) * sizeof(float), demand.Bytes);
        Assert.Equal(["parameters", "activations"], demand.Parts.Keys);
    }

    [Fact]
    public void Parameters_AreFilledWhenTheyAreRead()
    {
        using Net first = Build(Input + Ip("ip", "x")), second = Build(Input + Ip("ip", "x"));
        Blob weights = first.LearnableParams[0].Blob;
        float[] filled = weights.Data.ToArray();
        Assert.Contains(filled, value => value != 0);
        weights.MutableData[0] = 7;
        second.ShareTrainedLayersWith(first);
        Assert.Equal(7, second.LearnableParams[0].Blob.Data[0]);
        Assert.Equal(filled[1], second.LearnableParams[0].Blob.Data[1]);
    }
}
