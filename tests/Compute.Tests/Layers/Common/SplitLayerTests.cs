using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class SplitLayerTests
{
    private static LayerParameter Parameter => new() { Type = "Split" };

    [Fact]
    public void Tops_ShareTheBottom()
    {
        using var harness = new LayerHarness(Parameter, [LayerHarness.RandomBlob(1, [3, 5])], tops: 3);
        harness.Forward();
        foreach (Blob top in harness.Top)
            Assert.Same(harness.Bottom[0].DataMemory, top.DataMemory);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Backward_AddsInOrder()
    {
        using var harness = new LayerHarness(Parameter, [LayerHarness.RandomBlob(1, [2])], tops: 3);
        harness.Forward();
        float[] parts = [1e8f, 1, -1e8f];
        for (int t = 0; t < 3; t++)
            harness.Top[t].MutableDiff.Fill(parts[t]);
        harness.Backward();
        Assert.Equal(((1e8f + 1) + -1e8f), harness.Bottom[0].Diff[0]);
    }

    [Fact]
    public void InPlace_IsRefused() => Assert.Throws<CaffeException>(
        () => new LayerHarness(Parameter, [new Blob([2])], tops: 2, inPlace: true));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(8)]
    public void OnAnAccelerator_ItIsTheSame(int tops) => new GpuComparison { Tops = tops }
        .Check(Parameter, () => [LayerHarness.RandomBlob(1, [3, 7, 5, 11])]);
}
