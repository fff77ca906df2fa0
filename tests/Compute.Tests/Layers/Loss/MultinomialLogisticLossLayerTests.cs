using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

public sealed class MultinomialLogisticLossLayerTests
{
    private static LayerParameter Parameter => new() { Type = "MultinomialLogisticLoss" };

    [Theory]
    [InlineData(5, 4)]
    [InlineData(3, 2, 3, 4)]
    [InlineData(40000, 3)]
    public void Forward_IsTheMeanOfTheNegativeLogarithm(params int[] shape)
    {
        using var harness = new LayerHarness(Parameter, LossBottoms.Of(shape, 0.01f, 1));
        double expected = 0;
        int classes = harness.Bottom[0].CountFrom(1);
        for (int i = 0; i < shape[0]; i++)
            expected -= Math.Log(harness.Bottom[0].Data[(i * classes) + (int)harness.Bottom[1].Data[i]]) / shape[0];
        Assert.Equal(expected, harness.Forward(), 1e-6 * expected);
        Assert.Equal(0, harness.Top[0].AxisCount);
    }

    [Theory]
    [InlineData(5, 4)]
    [InlineData(3, 2, 3, 4)]
    public void Backward_AgreesWithDifferences(params int[] shape)
    {
        using var harness = new LayerHarness(Parameter, LossBottoms.Of(shape, 0.3f, 1));
        new GradientChecker().Check(harness, 0);
    }

    [Fact]
    public void ProbabilityOfNothing_CountsAsALittle()
    {
        using var harness = new LayerHarness(
            Parameter, [LayerHarness.BlobOf([2, 2], 0, 1, 1e-30f, 1), LayerHarness.BlobOf([2, 1, 1, 1], 0.9f, 0)]);
        Assert.Equal(46.0517, harness.Forward(), 1e-4);
        harness.Backward(true, false);
        Assert.Equal([-0.5f / 1e-20f, 0, -0.5f / 1e-20f, 0], harness.Bottom[0].Diff.ToArray());
    }

    [Fact]
    public void Labels_AreChecked() => LossBottoms.LabelsAreChecked("MultinomialLogisticLoss");

    [Fact]
    public void LossWeight_Scales() =>
        LossBottoms.LossWeightScales(Parameter, () => LossBottoms.Of([6, 5], 0.1f, 1));

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter, () => LossBottoms.Of([50000, 3], 0.1f, 1));
}
