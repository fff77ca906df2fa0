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
    public void TooManyWeights_AreRefused() => LayerAssert.SetUpFails(
        ErrorCodes.BlobCount, new LayerParameter { Type = "TanH", LossWeight = { 2f, 1f } },
        [LayerHarness.RandomBlob(1, [3])], 1, "loss_weight is given 2 times");
}
