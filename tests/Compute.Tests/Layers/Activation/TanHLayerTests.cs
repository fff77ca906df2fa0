using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class TanHLayerTests
{
    private static readonly LayerParameter _parameter = new() { Type = "TanH" };

    [Theory]
    [InlineData(new[] { 1 })]
    [InlineData(new[] { 3, 41 })]
    [InlineData(new[] { 2, 3, 4, 5 })]
    public void Forward_IsTheTangent(int[] shape)
    {
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(1, shape, -12, 12)]);
        harness.Forward();
        Assert.Equal(shape, harness.Top[0].Shape.ToArray());
        for (int i = 0; i < harness.Top[0].Count; i++)
            Assert.Equal(Math.Tanh(harness.Bottom[0].Data[i]), harness.Top[0].Data[i], 2e-7);
    }

    [Theory]
    [InlineData(new[] { 17 })]
    [InlineData(new[] { 2, 3, 4, 5 })]
    public void Backward_AgreesWithDifferences(int[] shape)
    {
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(2, shape, -2, 2)]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Backward_IsZeroWhereItIsSaturated()
    {
        using var harness = new LayerHarness(
            _parameter, [LayerHarness.BlobOf([3], float.PositiveInfinity, -30, 0)]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(2);
        harness.Backward();
        Assert.Equal([0, 0, 2], harness.Bottom[0].Diff.ToArray());
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
