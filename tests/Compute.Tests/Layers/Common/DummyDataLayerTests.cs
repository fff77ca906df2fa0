using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class DummyDataLayerTests
{
    private static LayerParameter Parameter(string[] fillers, params int[][] shapes)
    {
        var dummy = new DummyDataParameter();
        dummy.DataFiller.AddRange(fillers.Select(type => new FillerParameter { Type = type, Value = 4 }));
        foreach (int[] dims in shapes)
        {
            var shape = new BlobShape();
            shape.Dim.AddRange(dims.Select(dim => (long)dim));
            dummy.Shape.Add(shape);
        }

        return new LayerParameter { Type = "DummyData", DummyDataParam = dummy };
    }

    [Fact]
    public void ConstantsStayAndOthersAreDrawnAnew()
    {
        using var harness = new LayerHarness(Parameter(["constant", "gaussian"], [2, 3], [5]), [], tops: 2);
        harness.Forward();
        float[] first = harness.Top[1].Data.ToArray();
        Assert.Equal(Enumerable.Repeat(4f, 6), harness.Top[0].Data.ToArray());
        harness.Forward();
        Assert.NotEqual(first, harness.Top[1].Data.ToArray());
        Assert.Equal([2, 3], harness.Top[0].Shape.ToArray());
    }

    [Fact]
    public void LegacyDimensions_AreTaken()
    {
        LayerParameter parameter = Parameter([]);
        parameter.DummyDataParam.Num.Add(2);
        parameter.DummyDataParam.Channels.Add(3);
        parameter.DummyDataParam.Height.Add(4);
        parameter.DummyDataParam.Width.Add(5);
        using var harness = new LayerHarness(parameter, [], tops: 2);
        harness.Forward();
        Assert.All(harness.Top, top => Assert.Equal([2, 3, 4, 5], top.Shape.ToArray()));
        Assert.Equal(0, harness.Top[1].Data[7]);
    }

    [Fact]
    public void CountsThatDoNotFit_AreRefused() =>
        Assert.Throws<CaffeException>(() => new LayerHarness(Parameter(["constant", "constant"], [1]), [], tops: 3));
}
