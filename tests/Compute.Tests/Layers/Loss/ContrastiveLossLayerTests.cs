using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

public sealed class ContrastiveLossLayerTests
{
    private static LayerParameter Parameter(float? margin = null, bool isLegacy = false)
    {
        var contrastive = new ContrastiveLossParameter { LegacyVersion = isLegacy };
        if (margin is { } one)
            contrastive.Margin = one;
        return new LayerParameter { Type = "ContrastiveLoss", ContrastiveLossParam = contrastive };
    }

    private static Blob[] Bottoms(params int[] shape)
    {
        var similar = new Blob(shape[0]);
        for (int i = 0; i < similar.Count; i++)
            similar.MutableData[i] = i % 3 == 0 ? 1 : i % 3 == 1 ? 0 : 0.5f;
        return [LayerHarness.RandomBlob(1, shape), LayerHarness.RandomBlob(2, shape), similar];
    }

    [Theory]
    [InlineData(1f, false, 8, 3)]
    [InlineData(2.5f, false, 8, 2, 1, 1)]
    [InlineData(1f, true, 8, 3)]
    [InlineData(2.5f, true, 9, 2, 2, 3)]
    [InlineData(40f, false, 50, 700)]
    public void Pass_AgreesWithTheDefinition(float margin, bool isLegacy, params int[] shape)
    {
        using var harness = new LayerHarness(Parameter(margin, isLegacy), Bottoms(shape));
        float loss = harness.Forward();
        harness.Backward(true, true, false);
        int items = shape[0], length = harness.Bottom[0].CountFrom(1);
        double expected = 0;
        for (int n = 0; n < items; n++)
        {
            ReadOnlySpan<float> a = harness.Bottom[0].Data.Slice(n * length, length);
            ReadOnlySpan<float> b = harness.Bottom[1].Data.Slice(n * length, length);
            double square = 0;
            for (int i = 0; i < length; i++)
                square += Math.Pow((double)a[i] - b[i], 2);
            double d = Math.Sqrt(square);
            (double cost, double factor) = (int)harness.Bottom[2].Data[n] != 0 ? (square, 1)
                : isLegacy ? (Math.Max(margin - square, 0), margin > square ? -1 : 0)
                : (Math.Pow(Math.Max(margin - d, 0), 2), margin > d ? -(margin - d) / (d + 1e-4) : 0);
            expected += cost / (2 * items);
            for (int i = 0; i < length; i++)
            {
                double gradient = factor * ((double)a[i] - b[i]) / items;
                Assert.Equal(gradient, harness.Bottom[0].Diff[(n * length) + i], 1e-5);
                Assert.Equal(-gradient, harness.Bottom[1].Diff[(n * length) + i], 1e-5);
            }
        }

        Assert.Equal(expected, loss, 1e-5 * expected);
    }

    [Theory]
    [InlineData(1f, false)]
    [InlineData(3f, false)]
    [InlineData(2f, true)]
    public void Backward_AgreesWithDifferences(float margin, bool isLegacy)
    {
        using var harness = new LayerHarness(Parameter(margin, isLegacy), Bottoms(7, 4));
        new GradientChecker { Step = 1e-3f, Threshold = 5e-3f }.Check(harness, 0, 1);
    }

    [Fact]
    public void EqualFeatures_HaveNoGradient()
    {
        using var harness = new LayerHarness(
            Parameter(), [new Blob(2, 3), new Blob(2, 3), LayerHarness.BlobOf([2], 0, 1)]);
        Assert.Equal(0.25f, harness.Forward());
        harness.Backward(true, true, false);
        Assert.Equal(new float[6], harness.Bottom[0].Diff.ToArray());
    }

    [Fact]
    public void Batch_MayGrow()
    {
        using var harness = new LayerHarness(Parameter(), Bottoms(2, 3));
        float small = harness.Forward();
        Blob[] larger = Bottoms(9, 3);
        for (int i = 0; i < 3; i++)
        {
            harness.Bottom[i].Reshape(larger[i].Shape);
            harness.Bottom[i].CopyDataFrom(larger[i]);
        }

        Assert.NotEqual(small, harness.Forward());
        harness.Backward(true, true, false);
        Assert.NotEqual(0, harness.Bottom[0].Diff[^1]);
    }

    [Fact]
    public void WhatDoesNotFit_IsRefused()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(), [new Blob(4, 5), new Blob(4, 6), new Blob(4)], 1, "4 6 (24)");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(), [new Blob(4, 5), new Blob(5, 5), new Blob(4)], 1, "5 5 (25)");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(), [new Blob(4, 5), new Blob(4, 5), new Blob(3)], 1, "third bottom");
        LayerAssert.SetUpFails(ErrorCodes.BlobCount, Parameter(), [new Blob(4, 5), new Blob(4, 5)], 1, "exactly 3");
        using var harness = new LayerHarness(Parameter(), Bottoms(4, 5));
        harness.Forward();
        CaffeException failure = Assert.Throws<CaffeException>(() => harness.Backward(true, true, true));
        Assert.Contains("bottom 2", failure.Message, StringComparison.Ordinal);
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(harness.Layer.AllowForceBackward));
    }

    [Fact]
    public void LossWeight_Scales() => LossBottoms.LossWeightScales(Parameter(), () => Bottoms(6, 5));

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(Parameter(40), () => Bottoms(70, 701));
}
