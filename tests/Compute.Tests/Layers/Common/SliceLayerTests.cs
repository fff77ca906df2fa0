using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class SliceLayerTests
{
    private static LayerParameter Parameter(int axis, params uint[] points)
    {
        var slice = new SliceParameter { Axis = axis };
        slice.SlicePoint.AddRange(points);
        return new LayerParameter { Type = "Slice", SliceParam = slice };
    }

    [Fact]
    public void Points_CutTheAxis()
    {
        using var harness = new LayerHarness(Parameter(1, 1, 4), [LayerHarness.RandomBlob(1, [2, 6, 3])], tops: 3);
        harness.Forward();
        Assert.Equal([1, 3, 2], harness.Top.Select(top => top.Dim(1)));
        Assert.Equal(harness.Bottom[0].Data[21..30].ToArray(), harness.Top[1].Data[9..18].ToArray());
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void WithoutPoints_PartsAreEqual()
    {
        using var harness = new LayerHarness(Parameter(-1), [LayerHarness.RandomBlob(1, [2, 6])], tops: 3);
        Assert.All(harness.Top, top => Assert.Equal([2, 2], top.Shape.ToArray()));
        new GradientChecker().Check(harness);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(2, 4u, 2u)]
    [InlineData(3, 4u)]
    [InlineData(2, 6u)]
    [InlineData(2, 3000000000u)]
    public void CutsThatDoNotFit_AreRefused(int tops, params uint[] points)
    {
        LayerParameter parameter = Parameter(1, points);
        CaffeException failure = Assert.Throws<CaffeException>(
            () => new LayerHarness(parameter, [new Blob([2, 5])], tops));
        Assert.Equal(FailureKind.Configuration, failure.Kind);
        Assert.Contains("layer 'layer'", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void OnAnAccelerator_ItIsTheSame(int axis) => new GpuComparison { Tops = 3 }
        .Check(Parameter(axis, 1, 4), () => [LayerHarness.RandomBlob(1, [7, 6, 5, 11])]);
}
