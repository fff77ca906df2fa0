using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class ReshapeLayerTests
{
    private static LayerParameter Parameter(long[] dims, int axis = 0, int axes = -1)
    {
        var shape = new BlobShape();
        shape.Dim.AddRange(dims);
        return new LayerParameter
        {
            Type = "Reshape",
            ReshapeParam = new ReshapeParameter { Shape = shape, Axis = axis, NumAxes = axes },
        };
    }

    [Theory]
    [InlineData(new long[] { 0, -1, 2 }, 0, -1, new[] { 2, 6, 2 })]
    [InlineData(new long[] { 24 }, 0, -1, new[] { 24 })]
    [InlineData(new long[] { 12 }, 1, 2, new[] { 2, 12 })]
    [InlineData(new long[] { 1 }, -1, 0, new[] { 2, 3, 4, 1 })]
    [InlineData(new long[] { 6, 2 }, 1, -1, new[] { 2, 6, 2 })]
    [InlineData(new long[] { -1, 0, 2, 2 }, 0, 3, new[] { 2, 3, 2, 2 })]
    [InlineData(new long[] { -1, 2 }, 1, 2, new[] { 2, 6, 2 })]
    public void Shape_IsTheAskedOne(long[] dims, int axis, int axes, int[] expected)
    {
        using var harness = new LayerHarness(Parameter(dims, axis, axes), [LayerHarness.RandomBlob(1, [2, 3, 4])]);
        harness.Forward();
        Assert.Equal(expected, harness.Top[0].Shape.ToArray());
        Assert.Same(harness.Bottom[0].DataMemory, harness.Top[0].DataMemory);
        new GradientChecker().Check(harness);
    }

    [Theory]
    [InlineData(new long[] { 5, -1 })]
    [InlineData(new long[] { -1, -1 })]
    [InlineData(new long[] { 2, 3 })]
    [InlineData(new long[] { -2, 12 })]
    public void ShapeThatDoesNotFit_IsRefused(long[] dims) =>
        Assert.Throws<CaffeException>(() => new LayerHarness(Parameter(dims), [new Blob([2, 3, 4])]));

    // A filter may let no item through.
    [Theory]
    [InlineData(new long[] { 0, -1 }, 0, -1, new[] { 0, 12 })]
    [InlineData(new long[] { -1, 12 }, 0, -1, new[] { 0, 12 })]
    [InlineData(new long[] { 6, -1 }, 1, 2, new[] { 0, 6, 2 })]
    public void EmptyBatch_KeepsItsShape(long[] dims, int axis, int axes, int[] expected)
    {
        using var harness = new LayerHarness(Parameter(dims, axis, axes), [new Blob(0, 3, 4)]);
        harness.Forward();
        Assert.Equal(expected, harness.Top[0].Shape.ToArray());
    }

    [Fact]
    public void InPlace_IsRefused() =>
        Assert.Throws<CaffeException>(() => new LayerHarness(Parameter([6]), [new Blob([2, 3])], inPlace: true));
}
