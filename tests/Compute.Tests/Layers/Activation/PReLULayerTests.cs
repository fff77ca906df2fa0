using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class PReLULayerTests
{
    private static LayerParameter Parameter(bool shared = false) => new()
    {
        Type = "PReLU",
        PreluParam = new PReLUParameter
        {
            ChannelShared = shared,
            Filler = new FillerParameter { Type = "uniform", Min = -0.5f, Max = 0.5f },
        },
    };

    [Theory]
    [InlineData(new[] { 2, 3, 4, 5 }, false)]
    [InlineData(new[] { 2, 3, 4, 5 }, true)]
    [InlineData(new[] { 3, 18 }, false)]
    [InlineData(new[] { 3, 18 }, true)]
    [InlineData(new[] { 5, 1 }, false)]
    [InlineData(new[] { 2, 5, 1, 1 }, false)]
    [InlineData(new[] { 2, 3, 1, 2, 2, 3 }, false)]
    [InlineData(new[] { 1, 2, 20 }, true)]
    public void Pass_FollowsTheFormula(int[] shape, bool shared)
    {
        using var harness = new LayerHarness(Parameter(shared), [LayerHarness.RandomBlob(1, shape, -3, 3)]);
        Blob slopes = harness.Layer.Blobs[0];
        Assert.Equal(shared ? [] : [shape[1]], slopes.Shape.ToArray());
        harness.Forward();
        int inner = harness.Bottom[0].CountFrom(2);
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            float x = harness.Bottom[0].Data[i], a = slopes.Data[shared ? 0 : i / inner % shape[1]];
            Assert.Equal(x > 0 ? x : a * x, harness.Top[0].Data[i]);
        }

        new GradientChecker { KinkRange = 0.02f }.Check(harness);
    }

    [Fact]
    public void WithoutParameters_SlopesAreAQuarter()
    {
        using var harness = new LayerHarness(
            new LayerParameter { Type = "PReLU" }, [LayerHarness.RandomBlob(1, [2, 3, 4])]);
        Assert.Equal([0.25f, 0.25f, 0.25f], harness.Layer.Blobs[0].Data.ToArray());
    }

    [Fact]
    public void AtZero_TheSlopeIsThatBelow()
    {
        using var harness = new LayerHarness(
            new LayerParameter { Type = "PReLU" }, [LayerHarness.BlobOf([1, 1], 0)]);
        harness.Forward();
        harness.Top[0].MutableDiff[0] = 4;
        harness.Backward();
        Assert.Equal(1, harness.Bottom[0].Diff[0]);
    }

    [Fact]
    public void SlopeGradient_IsAddedAndOnlyWhereWanted()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.BlobOf([2, 1], -2, -3)]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Backward(false);
        harness.Backward(false);
        Assert.Equal([-10], harness.Layer.Blobs[0].Diff.ToArray());
        Assert.Equal([7, 7], harness.Bottom[0].Diff.ToArray());
        harness.Layer.ParamPropagateDown[0] = false;
        harness.Backward();
        Assert.Equal([-10], harness.Layer.Blobs[0].Diff.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void InPlace_IsTheSame(bool shared)
    {
        LayerAssert.InPlaceIsTheSame(Parameter(shared), () => LayerHarness.RandomBlob(3, [2, 3, 5], -3, 3));
        float[][] gradients = [.. ((bool[])[false, true]).Select(inPlace =>
        {
            using var harness = new LayerHarness(
                Parameter(shared), [LayerHarness.RandomBlob(3, [2, 3, 5], -3, 3)], inPlace: inPlace);
            harness.Forward();
            harness.Top[0].MutableDiff.Fill(0.5f);
            harness.Backward();
            return harness.Layer.Blobs[0].Diff.ToArray();
        })];
        Assert.Equal(gradients[0], gradients[1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Threads_DoNotMatter(bool shared)
    {
        LayerAssert.ThreadsDoNotMatter(Parameter(shared), () => [LayerHarness.RandomBlob(4, [7, 11, 31, 33], -3, 3)]);
        LayerAssert.ThreadsDoNotMatter(Parameter(shared), () => [LayerHarness.RandomBlob(4, [701, 111], -3, 3)]);
    }

    [Fact]
    public void Passes_AllocateNothing() => SteadyState.AllocatesNothing(
        Parameter(), [LayerHarness.RandomBlob(5, [4, 9, 31, 31])], inPlace: true);

    [Fact]
    public void WhatDoesNotFit_IsNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(), [LayerHarness.RandomBlob(6, [3])], 1, "2 axes", "3 (3)");
        LayerParameter stored = Parameter();
        stored.Blobs.Add(new BlobProto { Shape = new BlobShape { Dim = { 4 } }, Data = { 1, 2, 3, 4 } });
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, stored, [LayerHarness.RandomBlob(6, [2, 3])], 1, "4 (4)", "3 (3)");
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(6, [2, 3])]);
        harness.Bottom[0].Reshape(3, 2);
        LayerAssert.Fails(ErrorCodes.ShapeMismatch, () => harness.Forward(), "3 channels", "3 2 (6)");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Accelerators_DoTheSame(bool shared) => LayerAssert.AcceleratorsDoTheSame(
        Parameter(shared), () => LayerHarness.RandomBlob(9, [3, 5, 7, 11], -3, 3), tolerance: 5e-6f);
}
