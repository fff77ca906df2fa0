using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Normalization;

/// <summary>Normalizations give on an accelerator what they give on the CPU.</summary>
public sealed class NormalizationOnAcceleratorTests
{
    private static void Same(
        string layer, int[] shape, bool inPlace = false, float mean = 0, Action<LayerHarness>? prepare = null) =>
        new GpuComparison { InPlace = inPlace, Tolerance = 2e-5f }.Check(
            TextFormat.Parse<LayerParameter>(layer),
            () => [LayerHarness.RandomBlob(1, shape, mean - 2, mean + 2)], prepare);

    [Theory]
    [InlineData("", new[] { 3, 7, 5, 11 }, false)]
    [InlineData("", new[] { 3, 5, 13 }, true)]
    [InlineData("batch_norm_param { eps: 0.01 moving_average_fraction: 0.9 }", new[] { 29, 6 }, true)]
    [InlineData("", new[] { 37 }, false)]
    [InlineData("", new[] { 1, 5 }, false)]
    [InlineData("batch_norm_param { use_global_stats: true }", new[] { 3, 7, 5, 11 }, true)]
    [InlineData("phase: TEST", new[] { 5, 9 }, false)]
    public void BatchNorm_IsTheSame(string settings, int[] shape, bool inPlace) =>
        Same($"type: 'BatchNorm' {settings}", shape, inPlace, 0.5f, harness =>
        {
            LayerHarness.FillRandom(harness.Layer.Blobs[0].MutableData, 5);
            LayerHarness.FillRandom(harness.Layer.Blobs[1].MutableData, 6, 1, 2);
            harness.Layer.Blobs[2].MutableData[0] = 3;
        });

    [Fact]
    public void StatisticsOfLongChannels_AreTheSame() => Same("type: 'BatchNorm'", [2, 2, 8200]);

    [Fact]
    public void MeanFarFromZero_KeepsItsDigits()
    {
        using var harness = new LayerHarness(
            TextFormat.Parse<LayerParameter>("type: 'BatchNorm'"),
            [LayerHarness.RandomBlob(1, [5, 2, 100], 4999.5f, 5000.5f)]);
        // What is far from all others: nothing may be taken from it.
        harness.Bottom[0].MutableData[0] = 0;
        harness.Bottom[0].MutableData[130] = 5010;
        harness.Forward();
        double mean = 0, square = 0;
        for (int item = 0; item < 5; item++)
        {
            for (int place = 0; place < 100; place++)
            {
                double y = harness.Top[0].Data[(item * 200) + 100 + place];
                (mean, square) = (mean + (y / 500), square + (y * y / 500));
            }
        }

        Assert.Equal(0, mean, 2e-3);
        Assert.Equal(1, square, 1e-3);
    }

    [Theory]
    [InlineData("", new[] { 3, 7, 5, 11 }, false)]
    [InlineData("mvn_param { across_channels: true }", new[] { 5, 7, 5, 11 }, true)]
    [InlineData("mvn_param { normalize_variance: false }", new[] { 3, 7, 5 }, false)]
    public void MVN_IsTheSame(string settings, int[] shape, bool inPlace) =>
        Same($"type: 'MVN' {settings}", shape, inPlace, 0.5f);

    [Theory]
    [InlineData("", new[] { 3, 7, 5, 11 }, false)]
    [InlineData("norm_param { across_spatial: false channel_shared: false }", new[] { 3, 7, 5, 11 }, true)]
    [InlineData("norm_param { across_spatial: false }", new[] { 2, 67, 3 }, false)]
    [InlineData("norm_param { channel_shared: false eps: 0.1 }", new[] { 5, 11 }, false)]
    public void Normalize_IsTheSame(string settings, int[] shape, bool inPlace) =>
        Same($"type: 'Normalize' {settings}", shape, inPlace, 0, harness =>
            LayerHarness.FillRandom(harness.Layer.Blobs[0].MutableData, 5, 0.5f, 2));

    [Theory]
    [InlineData("type: 'BatchNorm'")]
    [InlineData("type: 'MVN'")]
    [InlineData("type: 'Normalize'")]
    public void Passes_AllocateNothing(string layer) => SteadyState.AllocatesNothing(
        TextFormat.Parse<LayerParameter>(layer), [LayerHarness.RandomBlob(1, [2, 3, 8200])]);
}
