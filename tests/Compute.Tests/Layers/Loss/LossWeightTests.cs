using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

/// <summary>How <c>loss_weight</c> is shared out to tops, where it is no loss layer's business alone.</summary>
public sealed class LossWeightTests
{
    [Fact]
    public void AnyTop_CanCountAsALoss()
    {
        var parameter = new LayerParameter { Type = "TanH", LossWeight = { 2f } };
        using var harness = new LayerHarness(parameter, [LayerHarness.BlobOf([3], 0.5f, -0.25f, 1)]);
        float loss = harness.Forward();
        float expected = 0;
        foreach (float value in harness.Top[0].Data)
            expected += 2 * value;
        Assert.Equal(expected, loss);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void TopThatGrows_KeepsItsWeight()
    {
        var parameter = new LayerParameter { Type = "TanH", LossWeight = { 2f } };
        using var harness = new LayerHarness(parameter, [LayerHarness.BlobOf([2], 0.5f, 1)]);
        foreach (int count in (int[])[2, 40, 3, 40, 70])
        {
            harness.Bottom[0].Reshape(count);
            harness.Bottom[0].MutableData.Fill(1);
            Assert.Equal(2 * count * MathF.Tanh(1), harness.Forward(), 1e-3f * count);
            Assert.All(harness.Top[0].Diff.ToArray(), value => Assert.Equal(2, value));
        }
    }

    [Fact]
    public void GradientOfAReader_IsNotOverwritten()
    {
        // As in Caffe: what counts from then on is what the reader put there.
        var parameter = new LayerParameter { Type = "TanH", LossWeight = { 2f } };
        using var harness = new LayerHarness(parameter, [LayerHarness.BlobOf([2], 1, 1)]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(5);
        Assert.Equal(10 * MathF.Tanh(1), harness.Forward(), 1e-4f);
    }

    [Fact]
    public void TooManyWeights_AreRefused() => LayerAssert.SetUpFails(
        ErrorCodes.BlobCount, new LayerParameter { Type = "TanH", LossWeight = { 2f, 1f } },
        [LayerHarness.RandomBlob(1, [3])], 1, "loss_weight is given 2 times");
}
