using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

public sealed class EuclideanLossLayerTests
{
    private static LayerParameter Parameter(params float[] lossWeight) =>
        new() { Type = "EuclideanLoss", LossWeight = { lossWeight } };

    private static Blob[] Bottoms(int[] a, int[] b) => [LayerHarness.RandomBlob(1, a), LayerHarness.RandomBlob(2, b)];

    [Theory]
    [InlineData(new[] { 4, 5 }, new[] { 4, 5 })]
    [InlineData(new[] { 3, 2, 7 }, new[] { 3, 14 })]
    [InlineData(new[] { 5, 20011 }, new[] { 5, 20011 })]
    [InlineData(new[] { 2, 1, 3, 2, 5 }, new[] { 2, 30 })]
    public void Forward_IsHalfTheMeanSquare(int[] a, int[] b)
    {
        using var harness = new LayerHarness(Parameter(), Bottoms(a, b));
        double sum = 0;
        for (int i = 0; i < harness.Bottom[0].Count; i++)
            sum += Math.Pow(harness.Bottom[0].Data[i] - harness.Bottom[1].Data[i], 2);
        double expected = sum / 2 / a[0];
        Assert.Equal(expected, harness.Forward(), 1e-6 * expected);
        Assert.Equal(0, harness.Top[0].AxisCount);
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(2.5f)]
    public void Backward_AgreesWithDifferencesForBothBottoms(float weight)
    {
        using var harness = new LayerHarness(Parameter(weight), Bottoms([4, 3, 7], [4, 21]));
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Backward_GivesOneBottomAloneWhenAsked()
    {
        using var harness = new LayerHarness(Parameter(), Bottoms([4, 5], [4, 5]));
        harness.Forward();
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Backward(false, true);
        Assert.All(harness.Bottom[0].Diff.ToArray(), value => Assert.Equal(7, value));
        Assert.Equal((harness.Bottom[1].Data[3] - harness.Bottom[0].Data[3]) * 0.25f, harness.Bottom[1].Diff[3]);
        Assert.True(harness.Layer.AllowForceBackward(0) && harness.Layer.AllowForceBackward(1));
    }

    [Theory]
    [InlineData(new[] { 4, 5 }, new[] { 4, 6 })]
    [InlineData(new[] { 4, 5 }, new[] { 5, 4 })]
    public void OtherShapes_AreRefused(int[] a, int[] b) => LayerAssert.SetUpFails(
        ErrorCodes.ShapeMismatch, Parameter(), Bottoms(a, b), 1, $"{a[0]} {a[1]} ({a[0] * a[1]})");

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(), () => Bottoms([7, 10001], [7, 10001]));
}
