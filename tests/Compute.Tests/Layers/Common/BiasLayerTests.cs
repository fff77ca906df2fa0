using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class BiasLayerTests
{
    private static LayerParameter Parameter(int axis = 1, int axes = 1) => new()
    {
        Type = "Bias",
        BiasParam = new BiasParameter
        {
            Axis = axis,
            NumAxes = axes,
            Filler = new FillerParameter { Type = "uniform", Min = -1, Max = 1 },
        },
    };

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, -1)]
    [InlineData(-2, 2)]
    [InlineData(1, 0)]
    public void ForwardAndBackward_AgreeWithTheFormula(int axis, int axes)
    {
        using var harness = new LayerHarness(Parameter(axis, axes), [LayerHarness.RandomBlob(1, [2, 3, 4, 5])]);
        harness.Forward();
        int first = axis < 0 ? axis + 4 : axis, last = axes < 0 ? 4 : first + axes;
        int inner = harness.Bottom[0].CountRange(last, 4);
        Blob bias = harness.Layer.Blobs[0];
        for (int i = 0; i < harness.Top[0].Count; i++)
            Assert.Equal(harness.Bottom[0].Data[i] + bias.Data[i / inner % bias.Count], harness.Top[0].Data[i], 1e-6f);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void TwoBottoms_GetBothGradients()
    {
        using var harness = new LayerHarness(
            Parameter(), [LayerHarness.RandomBlob(1, [2, 3, 4]), LayerHarness.RandomBlob(2, [3])]);
        Assert.Empty(harness.Layer.Blobs);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void InPlace_IsTheSame() =>
        LayerAssert.InPlaceIsTheSame(Parameter(), () => LayerHarness.RandomBlob(3, [4, 5, 6]));

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(), () => [LayerHarness.RandomBlob(5, [16, 32, 33, 5])]);

    [Fact]
    public void BiasOfAnotherShape_IsRefused() =>
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(), [new Blob([2, 3]), new Blob([4])], 1);
}
