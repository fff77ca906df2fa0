using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class FlattenLayerTests
{
    private static LayerParameter Parameter(int axis = 1, int end = -1) =>
        new() { Type = "Flatten", FlattenParam = new FlattenParameter { Axis = axis, EndAxis = end } };

    [Theory]
    [InlineData(1, -1, new[] { 2, 60 })]
    [InlineData(0, 1, new[] { 6, 4, 5 })]
    [InlineData(-2, -1, new[] { 2, 3, 20 })]
    [InlineData(2, 1, new[] { 2, 3, 1, 4, 5 })]
    public void Axes_BecomeOne(int axis, int end, int[] expected)
    {
        using var harness = new LayerHarness(Parameter(axis, end), [LayerHarness.RandomBlob(1, [2, 3, 4, 5])]);
        harness.Forward();
        Assert.Equal(expected, harness.Top[0].Shape.ToArray());
        Assert.Equal(harness.Bottom[0].Data.ToArray(), harness.Top[0].Data.ToArray());
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void EndBeforeBegin_IsRefused() =>
        Assert.Throws<CaffeException>(() => new LayerHarness(Parameter(3, 1), [new Blob([2, 3, 4, 5])]));

    [Fact]
    public void InPlace_IsRefused() =>
        Assert.Throws<CaffeException>(() => new LayerHarness(Parameter(), [new Blob([2, 3])], inPlace: true));

    [Fact]
    public void OnAnAccelerator_NothingIsCopied() =>
        new GpuComparison().Check(Parameter(), () => [LayerHarness.RandomBlob(1, [3, 7, 5, 11])]);
}
