using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class CropLayerTests
{
    private static LayerParameter Parameter(int? axis, params uint[] offset)
    {
        var crop = new CropParameter();
        if (axis is { } given)
            crop.Axis = given;
        crop.Offset.AddRange(offset);
        return new LayerParameter { Type = "Crop", CropParam = crop };
    }

    [Theory]
    [InlineData(new[] { 2, 3, 7, 8 }, new[] { 2, 3, 4, 5 }, null, new uint[] { 1, 2 }, new[] { 0, 0, 1, 2 })]
    [InlineData(new[] { 2, 3, 7, 8 }, new[] { 9, 9, 4, 5 }, null, new uint[] { }, new[] { 0, 0, 0, 0 })]
    [InlineData(new[] { 2, 3, 7, 8 }, new[] { 9, 9, 4, 5 }, null, new uint[] { 2 }, new[] { 0, 0, 2, 2 })]
    [InlineData(new[] { 2, 3, 7, 8 }, new[] { 9, 9, 9, 5 }, -1, new uint[] { 3 }, new[] { 0, 0, 0, 3 })]
    [InlineData(new[] { 4, 3, 7, 8 }, new[] { 2, 3, 7, 8 }, 0, new uint[] { 1, 0, 0, 0 }, new[] { 1, 0, 0, 0 })]
    [InlineData(new[] { 4, 5, 3 }, new[] { 4, 2, 3, 6 }, -2, new uint[] { 3, 0 }, new[] { 0, 3, 0 })]
    [InlineData(
        new[] { 3, 4, 5, 3, 2 }, new[] { 1, 2, 4, 3, 2 }, 1, new uint[] { 1, 1, 0, 0 }, new[] { 0, 1, 1, 0, 0 })]
    [InlineData(new[] { 2, 3, 4 }, new[] { 2, 3, 4 }, 1, new uint[] { }, new[] { 0, 0, 0 })]
    [InlineData(new[] { 6 }, new[] { 2 }, 0, new uint[] { 3 }, new[] { 3 })]
    public void Pass_CutsAPiece(int[] shape, int[] reference, int? axis, uint[] offset, int[] begin)
    {
        using var harness = new LayerHarness(
            Parameter(axis, offset), [LayerHarness.RandomBlob(1, shape), new Blob(reference)]);
        harness.Forward();
        Blob x = harness.Bottom[0], y = harness.Top[0];
        int first = x.CanonicalAxis(axis ?? 2);
        Assert.Equal([.. shape[..first], .. reference[first..shape.Length]], y.Shape.ToArray());
        for (int i = 0; i < y.Count; i++)
        {
            int[] place = new int[shape.Length];
            for (int a = shape.Length - 1, rest = i; a >= 0; rest /= y.Dim(a), a--)
                place[a] = begin[a] + (rest % y.Dim(a));
            Assert.Equal(x.Data[x.Offset(place)], y.Data[i]);
        }

        new GradientChecker().Check(harness);
    }

    [Fact]
    public void AroundThePiece_TheGradientIsZero()
    {
        using var harness = new LayerHarness(Parameter(1, 1), [new Blob(2, 4), new Blob(2, 2)]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(3);
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Bottom[1].MutableDiff.Fill(7);
        harness.Backward(true, false);
        Assert.Equal([0, 3, 3, 0, 0, 3, 3, 0], harness.Bottom[0].Diff.ToArray());
        Assert.Equal([7, 7, 7, 7], harness.Bottom[1].Diff.ToArray());
        harness.Backward(false, true);
        Assert.Equal([0, 0, 0, 0], harness.Bottom[1].Diff.ToArray());
    }

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(
        Parameter(2, 3, 5), () => [LayerHarness.RandomBlob(2, [4, 9, 50, 61]), new Blob(1, 1, 40, 50)]);

    [Fact]
    public void Passes_AllocateNothing() => SteadyState.AllocatesNothing(
        Parameter(2, 3, 5), [LayerHarness.RandomBlob(2, [4, 9, 50, 61]), new Blob(1, 1, 40, 50)]);

    [Fact]
    public void EmptyPiece_IsLegal()
    {
        using var harness = new LayerHarness(Parameter(0), [LayerHarness.RandomBlob(1, [4, 3]), new Blob(0, 3)]);
        harness.Forward();
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Backward();
        Assert.All(harness.Bottom[0].Diff.ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(2, 3), [new Blob(1, 1, 6, 8), new Blob(1, 1, 4, 4)], 1,
            "4 from 3", "axis 2", "1 1 6 8 (48)");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(2, 4000000000), [new Blob(1, 1, 6, 8), new Blob(1, 1, 4, 4)], 1,
            "4000000000");
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, Parameter(1, 1, 1), [new Blob(1, 4, 6, 8), new Blob(1, 2, 4, 4)], 1,
            "2 times", "3 axes");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(2), [new Blob(1, 4, 6, 8), new Blob(4, 4)], 1, "4 axes");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(4), [new Blob(1, 4, 6, 8), new Blob(1, 4, 6, 8)], 1, "axis 4");
        LayerAssert.InPlaceIsRefused(Parameter(2), new Blob(1, 4, 6, 8), new Blob(1, 4, 6, 8));
    }

    [Theory]
    [InlineData(2, 1u, 3u)]
    [InlineData(1, 2u)]
    [InlineData(0, 1u, 0u, 1u, 0u)]
    public void OnAnAccelerator_ItIsTheSame(int axis, params uint[] offset) => new GpuComparison().Check(
        Parameter(axis, offset), () => [LayerHarness.RandomBlob(1, [3, 7, 5, 11]), new Blob(2, 4, 3, 8)]);
}
