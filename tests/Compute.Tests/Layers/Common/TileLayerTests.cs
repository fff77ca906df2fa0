using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class TileLayerTests
{
    private static LayerParameter Parameter(int tiles, int? axis = null)
    {
        var tile = new TileParameter { Tiles = tiles };
        if (axis is { } given)
            tile.Axis = given;
        return new LayerParameter { Type = "Tile", TileParam = tile };
    }

    [Theory]
    [InlineData(new[] { 2, 3, 4 }, 3, null, 1)]
    [InlineData(new[] { 2, 3, 4 }, 2, 0, 0)]
    [InlineData(new[] { 2, 3, 4 }, 5, 2, 2)]
    [InlineData(new[] { 2, 3, 4 }, 5, -3, 0)]
    [InlineData(new[] { 5, 1 }, 40, 1, 1)]
    [InlineData(new[] { 2, 70 }, 1, 1, 1)]
    [InlineData(new[] { 3 }, 4, 0, 0)]
    [InlineData(new[] { 2, 3, 1 }, 4, 2, 2)]
    public void Pass_RepeatsBlocks(int[] shape, int tiles, int? axis, int along)
    {
        using var harness = new LayerHarness(Parameter(tiles, axis), [LayerHarness.RandomBlob(1, shape)]);
        harness.Forward();
        int[] top = [.. shape];
        top[along] *= tiles;
        Assert.Equal(top, harness.Top[0].Shape.ToArray());
        int inner = harness.Bottom[0].CountFrom(along);
        for (int i = 0; i < harness.Top[0].Count; i++)
            Assert.Equal(harness.Bottom[0].Data[(i / inner / tiles * inner) + (i % inner)], harness.Top[0].Data[i]);
        new GradientChecker { Threshold = 2e-3f }.Check(harness);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 3)]
    [InlineData(2, 3)]
    [InlineData(3, 7)]
    public void Threads_DoNotMatter(int axis, int tiles) => LayerAssert.ThreadsDoNotMatter(
        Parameter(tiles, axis), () => [LayerHarness.RandomBlob(2, [7, 41, 101, 1])]);

    [Fact]
    public void Passes_AllocateNothing() =>
        SteadyState.AllocatesNothing(Parameter(3), [LayerHarness.RandomBlob(2, [7, 41, 101])]);

    [Fact]
    public void NothingRepeated_IsNothing()
    {
        using var harness = new LayerHarness(Parameter(3), [new Blob(2, 0, 4)]);
        harness.Forward();
        harness.Backward();
        Assert.Equal([2, 0, 4], harness.Top[0].Shape.ToArray());
    }

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, new LayerParameter { Type = "Tile" }, [new Blob(3, 2)], 1, "not given");
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, Parameter(0), [new Blob(3, 2)], 1, "tiles is 0");
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, Parameter(-2), [new Blob(3, 2)], 1, "tiles is -2");
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(2, 2), [new Blob(3, 2)], 1, "axis 2");
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(int.MaxValue), [new Blob(3, 2)], 1, "3");
        LayerAssert.InPlaceIsRefused(Parameter(2), new Blob(3, 2));
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    [InlineData(150, 1)]
    public void OnAnAccelerator_ItIsTheSame(int tiles, int axis) =>
        new GpuComparison().Check(Parameter(tiles, axis), () => [LayerHarness.RandomBlob(1, [2, 3, 5])]);
}
