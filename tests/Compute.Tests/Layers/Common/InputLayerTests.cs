using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class InputLayerTests
{
    private static LayerParameter Parameter(params int[][] shapes)
    {
        var input = new InputParameter();
        foreach (int[] dims in shapes)
        {
            var shape = new BlobShape();
            shape.Dim.AddRange(dims.Select(dim => (long)dim));
            input.Shape.Add(shape);
        }

        return new LayerParameter { Type = "Input", InputParam = input };
    }

    [Fact]
    public void OneShape_IsForAllTops()
    {
        using var harness = new LayerHarness(Parameter([2, 3]), [], tops: 2);
        Assert.All(harness.Top, top => Assert.Equal([2, 3], top.Shape.ToArray()));
    }

    [Fact]
    public void Values_AreKeptOverPasses()
    {
        using var harness = new LayerHarness(Parameter([2], [3]), [], tops: 2);
        harness.Top[1].MutableData.Fill(5);
        harness.Forward();
        harness.Top[1].Reshape(4);
        harness.Forward();
        Assert.Equal([4], harness.Top[1].Shape.ToArray());
    }

    [Fact]
    public void ShapesThatAreNotOnePerTop_AreRefused() =>
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, Parameter([1], [2]), [], 3);
}
