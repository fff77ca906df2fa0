using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class SigmoidLayerTests
{
    private static readonly LayerParameter _parameter = new() { Type = "Sigmoid" };

    [Theory]
    [InlineData(new[] { 1 })]
    [InlineData(new[] { 3, 41 })]
    [InlineData(new[] { 2, 3, 4, 5 })]
    public void Forward_IsTheLogisticFunction(int[] shape)
    {
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(1, shape, -20, 20)]);
        harness.Forward();
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            double expected = 1 / (1 + Math.Exp(-harness.Bottom[0].Data[i]));
            Assert.Equal(expected, harness.Top[0].Data[i], 3e-7 * expected);
        }
    }

    [Theory]
    [InlineData(new[] { 17 })]
    [InlineData(new[] { 2, 3, 4, 5 })]
    public void Backward_AgreesWithDifferences(int[] shape)
    {
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(2, shape, -3, 3)]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void InPlace_IsTheSame() =>
        LayerAssert.InPlaceIsTheSame(_parameter, () => LayerHarness.RandomBlob(3, [5, 7], -3, 3));

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(_parameter, () => [LayerHarness.RandomBlob(4, [70001], -3, 3)]);

    [Fact]
    public void Accelerators_DoTheSame() =>
        LayerAssert.AcceleratorsDoTheSame(_parameter, () => LayerHarness.RandomBlob(9, [3, 5, 17], -3, 3));
}
