using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class ScaleLayerTests
{
    // Bottom, axis, num_axes: channels before long, short and no rows, to the end, and one value for everything.
    public static TheoryData<int[], int, int> Cases => new()
    {
        { [2, 3, 4, 5], 1, 1 },
        { [2, 3, 1, 3], 1, 1 },
        { [3, 19], 1, 1 },
        { [2, 3, 4], 0, 2 },
        { [2, 3, 4], 1, -1 },
        { [2, 3, 4], 0, -1 },
        { [2, 3, 4], -1, 1 },
        { [1, 2, 20], 1, 1 },
        { [2, 3, 4], 1, 0 },
    };

    private static LayerParameter Parameter(
        int axis = 1, int axes = 1, bool bias = false, FillerParameter? filler = null) => new()
        {
            Type = "Scale",
            ScaleParam = new ScaleParameter { Axis = axis, NumAxes = axes, BiasTerm = bias, Filler = filler },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Learned_FollowsTheFormula(int[] shape, int axis, int axes)
    {
        foreach (bool bias in (bool[])[false, true])
        {
            using var harness = new LayerHarness(Parameter(axis, axes, bias), [LayerHarness.RandomBlob(1, shape)]);
            Assert.Equal(bias ? 2 : 1, harness.Layer.Blobs.Count);
            Assert.All(harness.Layer.Blobs[0].Data.ToArray(), value => Assert.Equal(1, value));
            for (int i = 0; i < harness.Layer.Blobs.Count; i++)
                FillRandomly(harness.Layer.Blobs[i], 2 + i);
            harness.Forward();
            AssertFollows(harness, harness.Layer.Blobs[0], bias ? harness.Layer.Blobs[1] : null, axis);
            new GradientChecker().Check(harness);
        }
    }

    [Theory]
    [InlineData(new[] { 2, 3, 4, 5 }, new[] { 2, 3 }, 0)]
    [InlineData(new[] { 2, 3, 4, 5 }, new[] { 4 }, 2)]
    [InlineData(new[] { 2, 3, 4 }, new[] { 2, 3, 4 }, 0)]
    [InlineData(new[] { 2, 3, 4 }, new[] { 4 }, -1)]
    [InlineData(new[] { 2, 3, 4 }, new int[0], 1)]
    public void SecondBottom_FollowsTheFormula(int[] shape, int[] values, int axis)
    {
        foreach (bool bias in (bool[])[false, true])
        {
            using var harness = new LayerHarness(
                Parameter(axis, bias: bias), [LayerHarness.RandomBlob(4, shape), LayerHarness.RandomBlob(5, values)]);
            Assert.Equal(bias ? 1 : 0, harness.Layer.Blobs.Count);
            if (bias)
                FillRandomly(harness.Layer.Blobs[0], 6);
            harness.Forward();
            AssertFollows(harness, harness.Bottom[1], bias ? harness.Layer.Blobs[0] : null, axis);
            new GradientChecker().Check(harness);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LearnedGradients_AreAdded(int[] shape, int axis, int axes)
    {
        using var harness = new LayerHarness(
            Parameter(axis, axes, bias: true), [LayerHarness.RandomBlob(7, shape)]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(0.5f);
        harness.Backward();
        float[][] once = [.. harness.Layer.Blobs.Select(blob => blob.Diff.ToArray())];
        harness.Backward();
        for (int i = 0; i < once.Length; i++)
            Assert.Equal(once[i].Select(value => 2 * value), harness.Layer.Blobs[i].Diff.ToArray());
    }

    [Fact]
    public void SecondBottomsGradient_IsOverwrittenButTheBiasIsAdded()
    {
        using var harness = new LayerHarness(
            Parameter(0, bias: true), [LayerHarness.BlobOf([2, 2], 1, 2, 3, 4), LayerHarness.BlobOf([2], 5, 6)]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        harness.Backward();
        Assert.Equal([3, 7], harness.Bottom[1].Diff.ToArray());
        Assert.Equal([4, 4], harness.Layer.Blobs[0].Diff.ToArray());
    }

    [Fact]
    public void Gradients_ThatAreNotWantedAreNotTouched()
    {
        using var harness = new LayerHarness(Parameter(bias: true), [LayerHarness.RandomBlob(8, [2, 3, 4])]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Layer.ParamPropagateDown[0] = false;
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Backward(false);
        Assert.Equal(new float[3], harness.Layer.Blobs[0].Diff.ToArray());
        Assert.Equal([8, 8, 8], harness.Layer.Blobs[1].Diff.ToArray());
        Assert.All(harness.Bottom[0].Diff.ToArray(), value => Assert.Equal(7, value));
    }

    [Fact]
    public void BottomWithoutAGradient_KeepsTheProducts()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(8, [2, 3, 4])]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(2);
        harness.Backward(false);
        for (int i = 0; i < 24; i++)
            Assert.Equal(2 * harness.Bottom[0].Data[i], harness.Bottom[0].Diff[i]);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void InPlace_IsTheSame(int[] shape, int axis, int axes)
    {
        var filler = new FillerParameter { Type = "constant", Value = 1.5f };
        LayerAssert.InPlaceIsTheSame(
            Parameter(axis, axes, bias: true, filler), () => LayerHarness.RandomBlob(9, shape));
        float[][] gradients =
        [
            .. ((bool[])[false, true]).Select(inPlace =>
            {
                using var harness = new LayerHarness(
                    Parameter(axis, axes, filler: filler), [LayerHarness.RandomBlob(9, shape)], inPlace: inPlace);
                harness.Forward();
                harness.Top[0].MutableDiff.Fill(0.25f);
                harness.Backward();
                return harness.Layer.Blobs[0].Diff.ToArray();
            }),
        ];
        Assert.Equal(gradients[0], gradients[1]);
    }

    [Theory]
    [InlineData(20, 33, 40, 41)]
    [InlineData(900, 70, 1, 1)]
    public void Threads_DoNotMatter(int n, int c, int h, int w)
    {
        LayerAssert.ThreadsDoNotMatter(Parameter(), () => [LayerHarness.RandomBlob(10, [n, c, h, w])]);
        float[][] gradients =
        [
            .. ((int[])[1, 4]).Select(threads =>
            {
                using var harness = new LayerHarness(
                    Parameter(bias: true), [LayerHarness.RandomBlob(10, [n, c, h, w])], threads: threads);
                harness.Forward();
                using Blob weights = LayerHarness.RandomBlob(11, harness.Top[0].Shape);
                weights.Data.CopyTo(harness.Top[0].MutableDiff);
                harness.Backward();
                return (float[])[.. harness.Layer.Blobs[0].Diff, .. harness.Layer.Blobs[1].Diff];
            }),
        ];
        Assert.Equal(gradients[0], gradients[1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Passes_AllocateNothing(bool inPlace) => SteadyState.AllocatesNothing(
        Parameter(bias: true), [LayerHarness.RandomBlob(12, [4, 9, 31, 31])], inPlace: inPlace);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Accelerators_DoTheSame(int[] shape, int axis, int axes)
    {
        var filler = new FillerParameter { Type = "uniform", Min = -2, Max = 2 };
        foreach (bool inPlace in (bool[])[false, true])
        {
            new GpuComparison { InPlace = inPlace }
                .Check(Parameter(axis, axes, bias: true, filler), () => [LayerHarness.RandomBlob(9, shape)]);
        }
    }

    [Fact]
    public void Accelerators_LeaveTheProductsToo() =>
        new GpuComparison { Propagate = [false], Storage = StorageType.Float16, Tolerance = 5e-3f }
            .Check(Parameter(), () => [LayerHarness.RandomBlob(9, [2, 3, 17, 19])]);

    [Theory]
    [InlineData(new[] { 2, 3, 5, 7 }, new[] { 2, 3 }, 0)]
    [InlineData(new[] { 2, 3, 4 }, new[] { 2, 3, 4 }, 0)]
    [InlineData(new[] { 2, 3, 4 }, new[] { 4 }, -1)]
    [InlineData(new[] { 2, 3, 4 }, new int[0], 1)]
    public void Accelerators_DoTheSameWithASecondBottom(int[] shape, int[] values, int axis)
    {
        foreach (bool inPlace in (bool[])[false, true])
        {
            new GpuComparison { InPlace = inPlace }.Check(Parameter(axis, bias: true),
                () => [LayerHarness.RandomBlob(4, shape), LayerHarness.RandomBlob(5, values)]);
        }
    }

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        Blob X() => LayerHarness.RandomBlob(13, [2, 3, 4]);
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, Parameter(axes: -2), [X()], 1, "num_axes is -2");
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(axes: 3), [X()], 1, "num_axes is 3", "axis 1");
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(axis: 3), [X()], 1, "axis is 3");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(axis: 1), [X(), LayerHarness.RandomBlob(14, [4])], 1, "4 (4)");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(axis: 2), [X(), LayerHarness.RandomBlob(14, [4, 1])], 1, "axis 2");
    }

    private static void FillRandomly(Blob blob, int seed)
    {
        using Blob values = LayerHarness.RandomBlob(seed, blob.Shape, -2, 2);
        values.Data.CopyTo(blob.MutableData);
    }

    private static void AssertFollows(LayerHarness harness, Blob scale, Blob? bias, int axis)
    {
        Blob x = harness.Bottom[0];
        int first = scale.AxisCount == 0 ? 0 : x.CanonicalAxis(axis), inner = x.CountFrom(first + scale.AxisCount);
        for (int i = 0; i < x.Count; i++)
        {
            int channel = i / inner % scale.Count;
            Assert.Equal(
                (x.Data[i] * (double)scale.Data[channel]) + (bias?.Data[channel] ?? 0), harness.Top[0].Data[i], 1e-6);
        }
    }
}
