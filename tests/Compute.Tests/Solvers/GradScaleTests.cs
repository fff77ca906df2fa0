using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Solvers;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Solvers;

public sealed class GradScaleTests : IDisposable
{
    private const string Layers = """
        layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 4 dim: 3 } shape { dim: 4 } } }
        layer { name: "a" type: "InnerProduct" bottom: "x" top: "a"
          inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
        layer { name: "b" type: "InnerProduct" bottom: "a" top: "b"
          inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
        layer { name: "l" type: "SoftmaxWithLoss" bottom: "b" bottom: "t" top: "l" loss_weight: 0.5 }
        """;

    private readonly CpuDevice _device = new(2);
    private readonly List<string> _notices = [];

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData("", "fp32", null, 0, false)]
    [InlineData("", "bf16", null, 0, false)]
    [InlineData("", "fp16", null, 1024, false)]
    [InlineData("", "fp16", "1", 0, false)]
    [InlineData("", "fp32", "8", 8, false)]
    [InlineData("", "fp16", "adaptive", 256, true)]
    [InlineData("default_backward_type: FLOAT16", "fp32", null, 1024, false)]
    [InlineData("default_backward_type: FLOAT", "fp16", null, 0, false)]
    [InlineData("global_grad_scale: 1000", "fp16", "adaptive", 1000, false)]
    [InlineData("global_grad_scale_adaptive: true", "fp16", "8", 1, true)]
    [InlineData("global_grad_scale: 32 global_grad_scale_adaptive: true", "fp16", null, 32, true)]
    public void Scale_IsTheNetsThenTheRunsThenTheFormats(
        string net, string precision, string? setting, float factor, bool adaptive)
    {
        GradScale? scale = GradScale.Of(
            TextFormat.Parse<NetParameter>($"{net} {Layers}"), StorageNames.Parse(precision, ""),
            setting is null ? null : GradScaleSetting.Parse(setting, "compute.grad-scale"));
        Assert.Equal(factor, scale?.Factor ?? 0);
        Assert.Equal(adaptive, scale?.IsAdaptive ?? false);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("much")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    public void SettingOutOfRange_IsRefused(string text)
    {
        var failure = Assert.Throws<CaffeException>(() => GradScaleSetting.Parse(text, "compute.grad-scale"));
        Assert.Equal(ErrorCodes.BadSetting, failure.Code);
        Assert.Contains($"compute.grad-scale must be a number above 0, or adaptive, not '{text}'", failure.Message,
            StringComparison.Ordinal);
        failure = Assert.Throws<CaffeException>(() => GradScale.Of(
            TextFormat.Parse<NetParameter>("global_grad_scale: 0"), StorageType.Float32, null));
        Assert.Equal(ErrorCodes.BadFieldValue, failure.Code);
    }

    // Powers of two change no bit of the loss or of the weights.
    [Theory]
    [InlineData(1024)]
    [InlineData(0.25f)]
    public void ScaledGradients_GiveTheSameUpdatesAndTheSameLoss(float factor)
    {
        (float plainLoss, float[] plainGradient, float[] plain) = Train(null, clip: 0.01f);
        GradScale scale = GradScale.Of(
            new NetParameter(), StorageType.Float32, new GradScaleSetting(factor, false))!;
        (float loss, float[] gradient, float[] weights) = Train(scale, clip: 0.01f);
        Assert.Equal(plainLoss, loss);
        Assert.Equal(plainGradient.Select(value => value * factor), gradient);
        Assert.Equal(plain, weights);
    }

    [Fact]
    public void AdaptiveFactor_FollowsTheLargestGradient()
    {
        using Blob half = new(3), full = new(2);
        using Optimizer optimizer = Adaptive(
            new LearnableParam(half, 1, 1, "half") { HasHalfGradient = true }, new LearnableParam(full, 1, 1, "full"));
        GradScale scale = optimizer.GradScale!;
        Assert.True(optimizer.NeedsAllGradients);
        Assert.Equal(256, scale.Factor);
        // The present factor is in them: max |g| is 3 / 256, and 4 K / max |g| = 87381 is rounded down.
        new float[] { 1, -3, 2 }.CopyTo(half.MutableDiff);
        new float[] { 1000, 0 }.CopyTo(full.MutableDiff);
        optimizer.ApplyUpdate(0);
        Assert.Equal(65536, scale.Factor);
        Assert.Equal(-3f / 256, half.Data[1]);
        // Of two replicas' sum the mean counts.
        new float[] { 0, 8, 0 }.CopyTo(half.MutableDiff);
        optimizer.ApplyUpdate(1, 0.5f);
        Assert.Equal(1 << 24, scale.Factor);
        half.MutableDiff.Clear();
        optimizer.ApplyUpdate(2);
        Assert.Equal(1 << 24, scale.Factor);
        half.MutableDiff.Fill(float.MaxValue);
        optimizer.ApplyUpdate(3);
        Assert.Equal(MathF.Pow(2, -24), scale.Factor);
        Assert.Equal(0, scale.Skipped);
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void OverflowingIteration_ChangesNoWeightAndHalvesTheFactor(float bad)
    {
        using Blob blob = LayerHarness.RandomBlob(1, [40_000]);
        using Optimizer optimizer = Adaptive(new LearnableParam(blob, 1, 1, "w") { HasHalfGradient = true });
        float[] before = blob.Data.ToArray();
        blob.MutableDiff[39_999] = bad;
        blob.MutableDiff[5] = 7;
        optimizer.ApplyUpdate(0);
        Assert.Equal(before, blob.Data.ToArray());
        Assert.Equal(0, blob.AsumDiff());
        Assert.Null(optimizer.NotFinite);
        Assert.Equal((128, 1), (optimizer.GradScale!.Factor, optimizer.GradScale.Skipped));
        Assert.Contains("Gradients overflow at the scale 256; no weight is changed, the scale is 128 from now on",
            _notices);
        // What no factor caused is no work of it.
        optimizer.GradScale.Restore(1);
        blob.MutableDiff[0] = bad;
        optimizer.ApplyUpdate(1);
        Assert.NotNull(optimizer.NotFinite);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3001, -5)]
    [InlineData(300, float.NegativeInfinity)]
    [InlineData(300, float.NaN)]
    public void GradientsOnAnAccelerator_AreSearchedThere(int count, float last)
    {
        lock (TestDevices.OneAtATime)
        {
            GpuDevice gpu = TestDevices.GpuOrSimulation;
            gpu.Bind();
            using Blob blob = LayerHarness.RandomBlob(1, [count]), found = new();
            blob.MutableDiff[count - 1] = last;
            LargestMagnitude.Queue(gpu, blob.GpuDiff(gpu), count, found);
            float largest = LargestMagnitude.Read(found, out bool finite);
            Assert.Equal(float.IsFinite(last), finite);
            Assert.Equal(MagnitudeOnTheCpu(blob, out bool same), largest);
            Assert.Equal(finite, same);
            Assert.Equal(finite, largest == Math.Abs(last));
        }
    }

    [Fact]
    public void Restore_SetsAnAdaptiveFactorOnly()
    {
        GradScale fixedScale = GradScale.Of(new NetParameter(), StorageType.Float16, new GradScaleSetting(8, false))!;
        fixedScale.Restore(4);
        Assert.Equal(8, fixedScale.Factor);
        GradScale adaptive = GradScale.Of(new NetParameter(), StorageType.Float16, new GradScaleSetting(8, true))!;
        adaptive.Restore(4);
        Assert.Equal(4, adaptive.Factor);
        adaptive.Restore(float.NaN);
        Assert.Equal(4, adaptive.Factor);
    }

    private unsafe float MagnitudeOnTheCpu(Blob blob, out bool finite) =>
        MagnitudeScan.Largest(_device, blob.CpuDiff, blob.Count, out finite);

    private Optimizer Adaptive(params LearnableParam[] learnable)
    {
        var solver = new SolverParameter { BaseLr = -1, LrPolicy = "fixed" };
        GradScale? scale = GradScale.Of(new NetParameter(), StorageType.Float16, new GradScaleSetting(null, true));
        return new Optimizer(solver, learnable, _device, _notices.Add) { GradScale = scale };
    }

    private (float Loss, float[] Gradient, float[] Weights) Train(GradScale? scale, float clip)
    {
        var context = new LayerContext(_device, seed: 3) { GradScale = scale };
        using Net net = NetBuilder.Build(TextFormat.Parse<NetParameter>(Layers),
            new NetOptions(context, LayerCatalog.Compute));
        LayerHarness.FillRandom(net.Blob("x").MutableData, 5);
        var solver = new SolverParameter
        {
            BaseLr = 0.1f,
            LrPolicy = "fixed",
            Momentum = 0.5f,
            WeightDecay = 0.1f,
            ClipGradients = clip,
        };
        using var optimizer = new Optimizer(solver, net.LearnableParams, _device) { GradScale = scale };
        float loss = 0;
        float[] gradient = [];
        for (int i = 0; i < 3; i++)
        {
            net.ClearParamDiffs();
            loss = net.Forward();
            net.Backward();
            gradient = net.LearnableParams[0].Blob.Diff.ToArray();
            optimizer.ApplyUpdate(i);
        }

        return (loss, gradient, net.LearnableParams[0].Blob.Data.ToArray());
    }
}
