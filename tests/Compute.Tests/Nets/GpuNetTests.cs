using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>A net that trains on an accelerator does it there, not by copies.</summary>
public sealed class GpuNetTests : IDisposable
{
    private const string NetText = """
        state { phase: TRAIN }
        layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 3 dim: 2 dim: 3 dim: 2 } } }
        layer { name: "flat" type: "Flatten" bottom: "x" top: "flat" }
        layer { name: "ip1" type: "InnerProduct" bottom: "flat" top: "ip1"
          inner_product_param { num_output: 6 weight_filler { type: "xavier" } bias_filler { value: 0.1 } } }
        layer { name: "relu" type: "ReLU" bottom: "ip1" top: "ip1" }
        layer { name: "cut" type: "Slice" bottom: "ip1" top: "s1" top: "s2" }
        layer { name: "cat" type: "Concat" bottom: "s2" bottom: "s1" bottom: "ip1" top: "cat" }
        layer { name: "ip2" type: "InnerProduct" bottom: "cat" top: "ip2"
          inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "Reduction" bottom: "ip2" top: "loss" loss_weight: 1
          reduction_param { operation: SUMSQ } }
        """;

    private const int Inputs = 3 * 2 * 3 * 2;
    private const int Params = 4;

    private readonly CpuDevice _device = new(1);

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData("SGD", false)]
    [InlineData("Adam", true)]
    public void SteadyIteration_CopiesTheInputsInAndTheLossOut(string type, bool clips)
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            using Net expected = Build(null), actual = Build(gpu);
            Assert.All(
                actual.Layers.Skip(1), layer => Assert.True(layer.Layer.Gpu == gpu, $"{layer.Name} is not on the GPU"));
            SolverParameter solver = Solver(type, clips);
            using var onCpu = new Optimizer(solver, expected.LearnableParams, _device);
            using var onGpu = new Optimizer(solver, actual.LearnableParams, _device);
            Assert.Equal(Params, onGpu.Learnable.Count);
            float first = 0, last = 0;
            for (int iteration = 0; iteration < 6; iteration++)
            {
                GpuTransfers transfers = gpu.Transfers;
                long allocations = gpu.Allocations;
                float loss = Iterate(actual, onGpu, iteration);
                if (iteration > 1)
                {
                    int sums = clips ? 1 : 0;
                    Assert.Equal(allocations, gpu.Allocations);
                    // The loss, the marks of parameters that are not finite, and the sums that clipping goes by.
                    Assert.Equal(
                        new GpuTransfers(1, Inputs * sizeof(float), 2 + sums,
                            (1 + Params + (sums * 4 * Params)) * sizeof(float), 0, 0),
                        gpu.Transfers.Since(transfers));
                }

                Assert.Equal(Iterate(expected, onCpu, iteration), loss, 1e-5f * Math.Abs(loss));
                (first, last) = (iteration == 0 ? loss : first, loss);
            }

            Assert.True(last < 0.8f * first, $"the loss went from {first} to {last}");
            for (int i = 0; i < Params; i++)
                AssertClose(expected.LearnableParams[i].Blob.Data, actual.LearnableParams[i].Blob.Data);
        }
    }

    [Fact]
    public void SteadyIteration_AllocatesNothing()
    {
        using Net net = Build(TestDevices.Gpu);
        using var optimizer = new Optimizer(Solver("SGD", clips: true), net.LearnableParams, _device);
        int iteration = 0;
        SteadyState.AllocatesNothing(() => Iterate(net, optimizer, iteration++));
    }

    private static SolverParameter Solver(string type, bool clips) => new()
    {
        Type = type,
        BaseLr = 0.01f,
        LrPolicy = "fixed",
        Momentum = 0.5f,
        WeightDecay = 0.001f,
        ClipGradients = clips ? 100 : -1,
    };

    private static float Iterate(Net net, Optimizer optimizer, int iteration)
    {
        LayerHarness.FillRandom(net.Blob("x").MutableData, 7);
        float loss = net.Forward();
        net.Backward();
        optimizer.ApplyUpdate(iteration, clearGradients: true);
        Assert.Null(optimizer.NotFinite);
        return loss;
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-5f);
    }

    private Net Build(GpuDevice? gpu) => NetBuilder.Build(
        TextFormat.Parse<NetParameter>(NetText),
        new NetOptions(new LayerContext(_device, 5) { Gpu = gpu }, LayerCatalog.Compute));
}
