using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

public sealed class SmoothL1LossLayerTests
{
    private static LayerParameter Parameter(params float[] lossWeight) =>
        new() { Type = "SmoothL1Loss", LossWeight = { lossWeight } };

    // Distances up to 3: both branches.
    private static Blob[] Bottoms(int[] shape, bool weights) =>
    [
        LayerHarness.RandomBlob(1, shape, -2, 2), LayerHarness.RandomBlob(2, shape),
        .. (Blob[])(weights ? [LayerHarness.RandomBlob(3, shape, 0.5f, 2)] : []),
    ];

    [Theory]
    [InlineData(new[] { 4, 5 }, false)]
    [InlineData(new[] { 3, 2, 7 }, true)]
    [InlineData(new[] { 5, 20011 }, true)]
    public void Forward_IsSquareNearZeroElseDistance(int[] shape, bool weights)
    {
        using var harness = new LayerHarness(Parameter(), Bottoms(shape, weights));
        double sum = 0;
        for (int i = 0; i < harness.Bottom[0].Count; i++)
        {
            double w = weights ? harness.Bottom[2].Data[i] : 1;
            double d = Math.Abs(w * (harness.Bottom[0].Data[i] - harness.Bottom[1].Data[i]));
            sum += d < 1 ? d * d / 2 : d - 0.5;
        }

        double expected = sum / shape[0];
        Assert.Equal(expected, harness.Forward(), 1e-6 * expected);
    }

    [Theory]
    [InlineData(false, 1f)]
    [InlineData(true, 1f)]
    [InlineData(true, 2.5f)]
    public void Backward_AgreesWithDifferencesForBothBottoms(bool weights, float weight)
    {
        using var harness = new LayerHarness(Parameter(weight), Bottoms([4, 3, 7], weights));
        new GradientChecker().Check(harness, 0, 1);
        Assert.True(harness.Layer.AllowForceBackward(0) && harness.Layer.AllowForceBackward(1));
        Assert.False(harness.Layer.AllowForceBackward(2));
    }

    [Fact]
    public void Backward_HasTheWeightTwice()
    {
        using var harness = new LayerHarness(Parameter(), [
            LayerHarness.BlobOf([1, 3], 0.25f, 3, -3), LayerHarness.BlobOf([1, 3], 0, 0, 0),
            LayerHarness.BlobOf([1, 3], 2, 2, 2)]);
        harness.Forward();
        harness.Backward(true, true, false);
        // w f'(w (a - b)): inside 2 * 0.5, outside 2 * sign.
        Assert.Equal([1f, 2, -2], harness.Bottom[0].Diff.ToArray());
        Assert.Equal([-1f, -2, 2], harness.Bottom[1].Diff.ToArray());
    }

    [Fact]
    public void GradientOfTheWeights_IsRefused()
    {
        using var harness = new LayerHarness(Parameter(), Bottoms([2, 2], true));
        harness.Forward();
        Assert.Equal(ErrorCodes.BadNet, Assert.Throws<CaffeException>(() => harness.Backward()).Code);
    }

    [Theory]
    [InlineData(new[] { 4, 5 }, new[] { 4, 6 }, new[] { 4, 5 })]
    [InlineData(new[] { 4, 5 }, new[] { 4, 5 }, new[] { 5, 4 })]
    [InlineData(new[] { 4, 5 }, new[] { 4, 5 }, new[] { 4, 1 })]
    public void OtherShapes_AreRefused(int[] a, int[] b, int[] w) => LayerAssert.SetUpFails(
        ErrorCodes.ShapeMismatch, Parameter(), [new Blob(a), new Blob(b), new Blob(w)], 1, "4 5 (20)");

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(), () => Bottoms([7, 10001], true));
}
