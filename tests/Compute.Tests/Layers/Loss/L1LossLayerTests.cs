using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

public sealed class L1LossLayerTests
{
    private static LayerParameter Parameter(params float[] lossWeight) =>
        new() { Type = "L1Loss", LossWeight = { lossWeight } };

    private static Blob[] Bottoms(int[] a, int[] b) => [LayerHarness.RandomBlob(1, a), LayerHarness.RandomBlob(2, b)];

    [Theory]
    [InlineData(new[] { 4, 5 }, new[] { 4, 5 })]
    [InlineData(new[] { 3, 2, 7 }, new[] { 3, 14 })]
    [InlineData(new[] { 5, 20011 }, new[] { 5, 20011 })]
    public void Forward_IsTheMeanDistance(int[] a, int[] b)
    {
        using var harness = new LayerHarness(Parameter(), Bottoms(a, b));
        double sum = 0;
        for (int i = 0; i < harness.Bottom[0].Count; i++)
            sum += Math.Abs(harness.Bottom[0].Data[i] - harness.Bottom[1].Data[i]);
        double expected = sum / a[0];
        Assert.Equal(expected, harness.Forward(), 1e-6 * expected);
        Assert.Equal(0, harness.Top[0].AxisCount);
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(2.5f)]
    public void Backward_AgreesWithDifferencesForBothBottoms(float weight)
    {
        // Each pair further apart than the step, so that no sign changes.
        Blob[] bottoms = Bottoms([4, 3, 7], [4, 21]);
        Span<float> a = bottoms[0].MutableData;
        for (int i = 0; i < a.Length; i++)
            a[i] = bottoms[1].Data[i] + (a[i] < 0 ? a[i] - 0.1f : a[i] + 0.1f);
        using var harness = new LayerHarness(Parameter(weight), bottoms);
        new GradientChecker().Check(harness);
        Assert.True(harness.Layer.AllowForceBackward(0) && harness.Layer.AllowForceBackward(1));
    }

    [Fact]
    public void Backward_OfEqualValuesIsZero()
    {
        using var harness = new LayerHarness(
            Parameter(), [LayerHarness.BlobOf([1, 3], 1, 2, 3), LayerHarness.BlobOf([1, 3], 1, 3, 2)]);
        harness.Forward();
        harness.Bottom[1].MutableDiff.Fill(7);
        harness.Backward(true, false);
        Assert.Equal([0f, -1, 1], harness.Bottom[0].Diff.ToArray());
        Assert.Equal([7f, 7, 7], harness.Bottom[1].Diff.ToArray());
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
