using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class ScaleLayerTests
{
    private static LayerParameter Parameter(int axis = 1, int axes = 1, bool bias = false)
    {
        FillerParameter filler = new() { Type = "uniform", Min = 0.5f, Max = 2 };
        return new LayerParameter
        {
            Type = "Scale",
            ScaleParam = new ScaleParameter
            {
                Axis = axis,
                NumAxes = axes,
                BiasTerm = bias,
                Filler = filler,
                BiasFiller = filler
            },
        };
    }

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(1, 1, true)]
    [InlineData(0, -1, true)]
    [InlineData(0, 2, false)]
    [InlineData(-1, 1, true)]
    [InlineData(2, 0, true)]
    public void ForwardAndBackward_AgreeWithTheFormula(int axis, int axes, bool bias)
    {
        using var harness = new LayerHarness(Parameter(axis, axes, bias), [LayerHarness.RandomBlob(1, [2, 3, 4, 5])]);
        harness.Forward();
        int first = axis < 0 ? axis + 4 : axis, last = axes < 0 ? 4 : first + axes;
        int inner = harness.Bottom[0].CountRange(last, 4), scales = harness.Layer.Blobs[0].Count;
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            int s = i / inner % scales;
            float expected = (harness.Bottom[0].Data[i] * harness.Layer.Blobs[0].Data[s])
                + (bias ? harness.Layer.Blobs[1].Data[s] : 0);
            Assert.Equal(expected, harness.Top[0].Data[i], 1e-5f);
        }

        new GradientChecker().Check(harness);
    }

    [Fact]
    public void TwoBottoms_GetBothGradients()
    {
        using var harness = new LayerHarness(
            Parameter(0, 2, bias: true), [LayerHarness.RandomBlob(1, [2, 3, 4]), LayerHarness.RandomBlob(2, [2, 3])]);
        Assert.Single(harness.Layer.Blobs);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void InPlace_IsTheSame() =>
        LayerAssert.InPlaceIsTheSame(Parameter(bias: true), () => LayerHarness.RandomBlob(3, [4, 5, 6]));

    [Fact]
    public void Gradients_AreAddedUpAtAnyShape()
    {
        // Caffe overwrites them here (batch 1), which breaks iter_size.
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(4, [1, 3, 5])]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        float once = harness.Layer.Blobs[0].Diff[1];
        harness.Backward();
        Assert.Equal(2 * once, harness.Layer.Blobs[0].Diff[1], 1e-5f);
    }

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(bias: true), () => [LayerHarness.RandomBlob(5, [16, 32, 33, 5])]);

    [Fact]
    public void ScaleThatReachesPastTheShape_IsRefused() =>
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(2, 3), [new Blob([2, 3, 4])], 1);
}
