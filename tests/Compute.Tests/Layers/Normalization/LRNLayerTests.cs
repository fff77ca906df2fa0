using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Normalization;

public sealed class LRNLayerTests
{
    private static LayerParameter Parameter(
        uint size = 5, float alpha = 0.7f, float beta = 0.75f, float k = 1.5f,
        LRNParameter.Types.NormRegion region = LRNParameter.Types.NormRegion.AcrossChannels) => new()
        {
            Type = "LRN",
            LrnParam = new LRNParameter { LocalSize = size, Alpha = alpha, Beta = beta, K = k, NormRegion = region },
        };

    [Theory]
    [InlineData(5, 0.75f)]
    [InlineData(3, 0.5f)]
    [InlineData(1, 0.75f)]
    [InlineData(9, 1.3f)]
    public void AcrossChannels_AgreesWithTheFormula(int size, float beta)
    {
        using var harness = new LayerHarness(
            Parameter((uint)size, beta: beta), [LayerHarness.RandomBlob(1, [2, 7, 3, 11], -2, 2)]);
        harness.Forward();
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            int n = i / (7 * 33), c = i / 33 % 7, p = i % 33;
            double sum = 0;
            for (int q = Math.Max(0, c - (size / 2)); q <= Math.Min(6, c + (size / 2)); q++)
                sum += Math.Pow(harness.Bottom[0].Data[(((n * 7) + q) * 33) + p], 2);
            double expected = harness.Bottom[0].Data[i] * Math.Pow(1.5 + (0.7f / size * sum), -beta);
            Assert.Equal(expected, harness.Top[0].Data[i], 1e-5);
        }
    }

    [Theory]
    [InlineData(5u, 0.75f)]
    [InlineData(3u, 1.3f)]
    public void AcrossChannels_BackwardAgreesWithDifferences(uint size, float beta)
    {
        using var harness = new LayerHarness(Parameter(size, beta: beta), [LayerHarness.RandomBlob(2, [2, 6, 3, 2])]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void WithinChannel_IgnoresKAndAgreesWithDifferences()
    {
        LayerParameter parameter = Parameter(3, region: LRNParameter.Types.NormRegion.WithinChannel);
        using var harness = new LayerHarness(parameter, [LayerHarness.RandomBlob(3, [1, 2, 4, 5])]);
        harness.Forward();
        double sum = 0;
        foreach (int i in (int[])[0, 1, 5, 6])
            sum += Math.Pow(harness.Bottom[0].Data[i], 2);
        Assert.Equal(harness.Bottom[0].Data[0] * Math.Pow(1 + (0.7 * sum / 9), -0.75), harness.Top[0].Data[0], 1e-5);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(), () => [LayerHarness.RandomBlob(5, [8, 16, 20, 20])]);

    [Fact]
    public void EvenSizeAndOtherRanks_AreRefused()
    {
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, Parameter(4), [new Blob([1, 2, 3, 3])], 1);
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(), [new Blob([1, 2, 3])], 1);
    }
}
