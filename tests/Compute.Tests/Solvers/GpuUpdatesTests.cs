using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Solvers;

/// <summary>Updates on an accelerator against those on the CPU.</summary>
public sealed class GpuUpdatesTests : IDisposable
{
    private static readonly int[][] _shapes = [[3, 7], [1], [50]];

    private readonly CpuDevice _device = new(1);

    public void Dispose() => _device.Dispose();

    private static SolverParameter Parameter(string type) => new()
    {
        Type = type,
        LrPolicy = "fixed",
        BaseLr = 0.1f,
        Momentum = type is "AdaGrad" or "RMSProp" ? 0 : 0.9f,
        WeightDecay = 0.01f,
        IterSize = 2,
    };

    [Theory]
    [InlineData("SGD", "L2")]
    [InlineData("SGD", "L1")]
    [InlineData("Nesterov", "L2")]
    [InlineData("AdaGrad", "L1")]
    [InlineData("RMSProp", "L2")]
    [InlineData("AdaDelta", "L1")]
    [InlineData("Adam", "L2")]
    public void Updates_EqualTheCpus(string type, string regularization)
    {
        SolverParameter parameter = Parameter(type);
        parameter.RegularizationType = regularization;
        Compare(parameter, copies: 1);
    }

    [Fact]
    public void ClippedUpdates_EqualTheCpus()
    {
        SolverParameter parameter = Parameter("SGD");
        parameter.ClipGradients = 0.5f;
        Compare(parameter, copies: 2);
    }

    [Theory]
    [InlineData("scale", false)]
    [InlineData("clip", true)]
    public void LayerWiseRates_EqualTheCpus(string policy, bool turbo)
    {
        SolverParameter parameter = Parameter("SGD");
        (parameter.Larc, parameter.LarcPolicy, parameter.LarcEta, parameter.LarcTurbo) = (true, policy, 0.05f, turbo);
        Compare(parameter, copies: 2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void NotFinite_IsFoundWhereverItIs(int spoiled)
    {
        lock (TestDevices.OneAtATime)
        {
            LearnableParam[] learnable = Params(TestDevices.GpuOrSimulation);
            using var optimizer = new Optimizer(Parameter("Adam"), learnable, _device);
            optimizer.ApplyUpdate(0);
            Assert.Null(optimizer.NotFinite);
            learnable[spoiled].Blob.MutableDiff[^1] = float.NaN;
            optimizer.ApplyUpdate(1, clearGradients: true);
            Assert.Same(learnable[spoiled], optimizer.NotFinite);
            // What was to become NaN is as it was, so that it can be looked at; a mark of an update before counts no
            // more.
            Assert.True(float.IsNaN(learnable[spoiled].Blob.Diff[^1]));
            Assert.All(optimizer.History, history => Assert.All(history.Data.ToArray(), AssertFinite));
            Assert.All(learnable[spoiled].Blob.Data.ToArray(), AssertFinite);
            learnable[spoiled].Blob.ClearDiff();
            optimizer.ApplyUpdate(2);
            Assert.Null(optimizer.NotFinite);
            Free(learnable);
        }
    }

    // The second parameter is the CPU's, as that of a layer without a path for the accelerator is.
    private static LearnableParam[] Params(GpuDevice? gpu) => [.. _shapes.Select((shape, i) =>
        new LearnableParam(LayerHarness.RandomBlob(i, shape), 1 + i, 1, $"w{i}") { Gpu = i == 1 ? null : gpu })];

    private static void AssertFinite(float value) => Assert.True(float.IsFinite(value));

    private static void Free(LearnableParam[] learnable)
    {
        foreach (LearnableParam param in learnable)
            param.Blob.Dispose();
    }

    // Copies are those to the host in an iteration: one for all marks, and one for all sums.
    private void Compare(SolverParameter parameter, int copies)
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            LearnableParam[] expected = Params(null), actual = Params(gpu);
            using var onCpu = new Optimizer(parameter, expected, _device);
            using var onGpu = new Optimizer(parameter, actual, _device);
            for (int iteration = 0; iteration < 4; iteration++)
            {
                for (int i = 0; i < expected.Length; i++)
                {
                    LayerHarness.FillRandom(expected[i].Blob.MutableDiff, 10 + (3 * iteration) + i);
                    LayerHarness.FillRandom(actual[i].Blob.MutableDiff, 10 + (3 * iteration) + i);
                    if (i != 1)
                        (_, _) = (actual[i].Blob.GpuData(gpu), actual[i].Blob.GpuDiff(gpu));
                }

                onCpu.ApplyUpdate(iteration, gradientScale: 0.5f);
                GpuTransfers before = gpu.Transfers;
                long launches = gpu.Launches, allocations = gpu.Allocations;
                onGpu.ApplyUpdate(iteration, gradientScale: 0.5f);
                Assert.Null(onGpu.NotFinite);
                Assert.Null(onGpu.NotFinite);
                Assert.Equal(before.ToHost + copies, gpu.Transfers.ToHost);
                Assert.Equal(before.ToDevice, gpu.Transfers.ToDevice);
                Assert.Equal(2 * copies, gpu.Launches - launches);
                if (iteration > 0)
                    Assert.Equal(allocations, gpu.Allocations);
                for (int i = 0; i < expected.Length; i++)
                {
                    AssertClose(expected[i].Blob.Data, actual[i].Blob.Data);
                    AssertClose(expected[i].Blob.Diff, actual[i].Blob.Diff);
                }

                for (int i = 0; i < onCpu.History.Count; i++)
                    AssertClose(onCpu.History[i].Data, onGpu.History[i].Data);
            }

            Free(expected);
            Free(actual);
        }
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        float greatest = 0;
        foreach (float value in expected)
            greatest = Math.Max(greatest, Math.Abs(value));
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-6f * greatest);
    }
}
