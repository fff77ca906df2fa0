using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Nets;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class FilterLayerTests : NetTests
{
    private static readonly LayerParameter _parameter = new() { Type = "Filter" };

    private static Blob Selector(params float[] values) => LayerHarness.BlobOf([values.Length], values);

    [Theory]
    [InlineData(new[] { 5, 3, 2 }, new[] { 1f, 0, 1, 1, 0 }, new[] { 0, 2, 3 })]
    [InlineData(new[] { 3 }, new[] { -2f, float.NaN, -0f }, new[] { 0, 1 })]
    [InlineData(new[] { 2, 20 }, new[] { 1f, 1 }, new[] { 0, 1 })]
    [InlineData(new[] { 3, 2 }, new[] { 0f, 0, 1e-30f }, new[] { 2 })]
    [InlineData(new[] { 3, 2 }, new[] { 0f, 0, 0 }, new int[] { })]
    public void Pass_KeepsWhatIsSelected(int[] shape, float[] selector, int[] kept)
    {
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(1, shape), Selector(selector)]);
        Assert.Equal(shape, harness.Top[0].Shape.ToArray());
        harness.Forward();
        Assert.Equal([kept.Length, .. shape[1..]], harness.Top[0].Shape.ToArray());
        int length = harness.Bottom[0].CountFrom(1);
        for (int k = 0; k < kept.Length; k++)
        {
            Assert.Equal(
                harness.Bottom[0].Data.Slice(kept[k] * length, length), harness.Top[0].Data.Slice(k * length, length));
        }

        new GradientChecker().Check(harness, 0);
    }

    [Fact]
    public void SeveralBottoms_AreFilteredAlike()
    {
        using var harness = new LayerHarness(_parameter,
            [LayerHarness.RandomBlob(1, [4, 3]), LayerHarness.RandomBlob(2, [4, 2, 2]), new Blob(4, 1, 1)], tops: 2);
        Selector(0, 1, 0, 1).Data.CopyTo(harness.Bottom[2].MutableData);
        harness.Forward();
        Assert.Equal([2, 3], harness.Top[0].Shape.ToArray());
        Assert.Equal([2, 2, 2], harness.Top[1].Shape.ToArray());
        Assert.Equal(harness.Bottom[1].Data[12..], harness.Top[1].Data[4..]);
        new GradientChecker().Check(harness, 0, 1);
        new GradientChecker().Check(harness, 1);
    }

    [Fact]
    public void Selection_MayChangeFromPassToPass()
    {
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(1, [3, 2]), Selector(0, 0, 0)]);
        foreach (float[] selector in (float[][])[[0, 0, 0], [1, 1, 1], [0, 0, 0], [0, 1, 0]])
        {
            selector.CopyTo(harness.Bottom[1].MutableData);
            harness.Forward();
            harness.Top[0].MutableDiff.Fill(2);
            harness.Bottom[0].MutableDiff.Fill(7);
            harness.Backward(true, false);
            for (int i = 0; i < 6; i++)
                Assert.Equal(2 * selector[i / 2], harness.Bottom[0].Diff[i]);
        }
    }

    // Every kind of layer that may stand after a filter, first with items, then without, then with items again.
    [Fact]
    public void NothingKept_FlowsThroughANet()
    {
        using Net net = Build("""
            force_backward: true state { phase: TRAIN }
            layer { name: "in" type: "Input" top: "x" top: "t" top: "s" input_param {
              shape { dim: 4 dim: 3 dim: 6 dim: 6 } shape { dim: 4 } shape { dim: 4 } } }
            layer { name: "keep" type: "Filter" bottom: "x" bottom: "t" bottom: "s" top: "kx" top: "kt"
                    propagate_down: true propagate_down: false propagate_down: false }
            layer { name: "conv" type: "Convolution" bottom: "kx" top: "conv"
                    convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
            layer { name: "spread" type: "Deconvolution" bottom: "conv" top: "spread"
                    convolution_param { num_output: 4 kernel_size: 1 weight_filler { type: "xavier" } } }
            layer { name: "norm" type: "BatchNorm" bottom: "spread" top: "norm" }
            layer { name: "scale" type: "Scale" bottom: "norm" top: "norm" scale_param { bias_term: true } }
            layer { name: "prelu" type: "PReLU" bottom: "norm" top: "norm" }
            layer { name: "lrn" type: "LRN" bottom: "norm" top: "lrn" }
            layer { name: "unit" type: "Normalize" bottom: "lrn" top: "unit" }
            layer { name: "mvn" type: "MVN" bottom: "unit" top: "mvn" }
            layer { name: "pool" type: "Pooling" bottom: "mvn" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
            layer { name: "ave" type: "Pooling" bottom: "mvn" top: "ave"
                    pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
            layer { name: "sum" type: "Eltwise" bottom: "pool" bottom: "ave" top: "sum" }
            layer { name: "crop" type: "Crop" bottom: "sum" bottom: "ave" top: "crop" }
            layer { name: "tile" type: "Tile" bottom: "crop" top: "tile" tile_param { tiles: 2 } }
            layer { name: "slice" type: "Slice" bottom: "tile" top: "s1" top: "s2" }
            layer { name: "join" type: "Concat" bottom: "s1" bottom: "s2" top: "join" }
            layer { name: "relu" type: "ReLU" bottom: "join" top: "join" }
            layer { name: "tanh" type: "TanH" bottom: "join" top: "tanh" }
            layer { name: "sigmoid" type: "Sigmoid" bottom: "tanh" top: "sigmoid" }
            layer { name: "power" type: "Power" bottom: "sigmoid" top: "power" power_param { power: 2 } }
            layer { name: "drop" type: "Dropout" bottom: "power" top: "power" }
            layer { name: "flat" type: "Flatten" bottom: "power" top: "flat" }
            layer { name: "form" type: "Reshape" bottom: "flat" top: "form"
                    reshape_param { shape { dim: 0 dim: 8 dim: -1 } } }
            layer { name: "ip" type: "InnerProduct" bottom: "form" top: "ip"
                    inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
            layer { name: "bias" type: "Bias" bottom: "ip" top: "bias" }
            layer { name: "soft" type: "Softmax" bottom: "bias" top: "soft" }
            layer { name: "mean" type: "Reduction" bottom: "soft" top: "mean"
                    reduction_param { operation: MEAN axis: 1 } loss_weight: 1 }
            layer { name: "best" type: "ArgMax" bottom: "bias" top: "best" }
            layer { name: "zero" type: "Silence" bottom: "best" }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "bias" bottom: "kt" top: "loss" }
            layer { name: "far" type: "EuclideanLoss" bottom: "mean" bottom: "kt" top: "far" }
            layer { name: "hinge" type: "HingeLoss" bottom: "bias" bottom: "kt" top: "hinge" }
            layer { name: "log" type: "MultinomialLogisticLoss" bottom: "soft" bottom: "kt" top: "log" }
            layer { name: "cross" type: "SigmoidCrossEntropyLoss" bottom: "mean" bottom: "kt" top: "cross" }
            layer { name: "columns" type: "Im2col" bottom: "mvn" top: "columns" convolution_param { kernel_size: 2 } }
            layer { name: "pyramid" type: "SPP" bottom: "mvn" top: "pyramid" spp_param { pyramid_height: 2 } }
            layer { name: "heights" type: "Reduction" bottom: "pyramid" top: "heights"
                    reduction_param { operation: SUMSQ } loss_weight: 1 }
            layer { name: "widths" type: "Reduction" bottom: "columns" top: "widths"
                    reduction_param { operation: SUMSQ } loss_weight: 1 }
            layer { name: "l1" type: "L1Loss" bottom: "mean" bottom: "kt" top: "l1" }
            layer { name: "smooth" type: "SmoothL1Loss" bottom: "mean" bottom: "kt" top: "smooth" }
            layer { name: "word" type: "Embed" bottom: "kt" top: "word"
                    embed_param { num_output: 2 input_dim: 5 weight_filler { type: "xavier" } } }
            layer { name: "words" type: "Reduction" bottom: "word" top: "words"
                    reduction_param { operation: SUMSQ } loss_weight: 1 }
            layer { name: "hit" type: "Accuracy" bottom: "bias" bottom: "kt" top: "hit" }
            """);
        LayerHarness.FillRandom(net.Blob("x").MutableData, 1);
        float[] gradient = [];
        foreach (float[] selector in (float[][])[[1, 0, 1, 1], [0, 0, 0, 0], [1, 0, 1, 1]])
        {
            selector.CopyTo(net.Blob("s").MutableData);
            net.ClearParamDiffs();
            float loss = net.Forward();
            net.Backward();
            float[] found = net.Blob("x").Diff.ToArray();
            if (selector[0] == 0)
            {
                Assert.Equal(0, loss);
                Assert.All(found, value => Assert.Equal(0, value));
                Assert.All(net.LearnableParams, param => Assert.Equal(0, param.Blob.AsumDiff()));
                Assert.Equal([0, 3], net.Blob("bias").Shape.ToArray());
            }
            else
            {
                Assert.True(float.IsFinite(loss) && loss > 0);
                Assert.Contains(found, value => value != 0);
                gradient = gradient.Length == 0 ? found : gradient;
            }
        }

        Assert.All(gradient, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void SelectorGradient_IsRefused() => LayerAssert.HasNoGradient(
        _parameter, [LayerHarness.RandomBlob(1, [3, 2]), Selector(0, 1, 1)], 1, "no gradient goes to the selector");

    [Fact]
    public void ForceBackward_ReachesTheOthers()
    {
        LayerParameter parameter = new() { Type = "Filter", Bottom = { "a", "b", "selector" } };
        using var harness = new LayerHarness(parameter, [new Blob(3), new Blob(3), Selector(0, 1, 1)], tops: 2);
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(harness.Layer.AllowForceBackward));
    }

    [Fact]
    public void Passes_AllocateNothing() => SteadyState.AllocatesNothing(
        _parameter,
        [LayerHarness.RandomBlob(1, [40, 90]), Selector([.. Enumerable.Range(0, 40).Select(i => (float)(i % 3))])],
        propagate: [true, false]);

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.BlobCount, _parameter, [new Blob(3), new Blob(3)], 2, "2 bottoms and 2 tops");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, _parameter, [new Blob(3, 2), new Blob(3, 2)], 1, "one value an item", "3 2 (6)");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, _parameter, [new Blob(4, 2), new Blob(3)], 1, "bottom 0 (4 2 (8))", "3 (3)");
        LayerAssert.InPlaceIsRefused(_parameter, new Blob(3), new Blob(3));
    }

    [Fact]
    public void OnAnAccelerator_ItIsTheSame() => new GpuComparison { Tops = 2, Propagate = [true, true, false] }.Check(
        _parameter,
        () => [LayerHarness.RandomBlob(1, [5, 7, 3]), LayerHarness.RandomBlob(2, [5, 11]), Selector(0, 1, 1, 0, 2)]);
}
