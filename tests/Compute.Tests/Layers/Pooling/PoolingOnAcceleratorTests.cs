using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Pooling;

/// <summary>Poolings and response normalizations on an accelerator compute what they do on the CPU.</summary>
public sealed class PoolingOnAcceleratorTests
{
    private static LayerParameter Parse(string text) => TextFormat.Parse<LayerParameter>(text);

    [Theory]
    [InlineData("kernel_size: 3 stride: 2", 2, 3, 7, 9, 11)]
    [InlineData("kernel_h: 2 kernel_w: 5 stride_h: 3 stride_w: 1 pad_h: 1 pad_w: 2", 1, 2, 3, 8, 13)]
    [InlineData("kernel_size: 3 stride: 1 pad: 1 round_mode: FLOOR", 2, 2, 2, 6, 5)]
    [InlineData("kernel_size: 3 stride: 2 pad: 1", 2, 1, 2, 5, 6, 7)]
    [InlineData("global_pooling: true", 1, 2, 5, 4, 6)]
    public void Max_IsTheSameWithItsPlaces(string settings, int tops, params int[] shape) =>
        new GpuComparison { Tops = tops }.Check(
            Parse($"type: 'Pooling' pooling_param {{ pool: MAX {settings} }}"), () => [Coarse(shape)]);

    [Theory]
    [InlineData("kernel_size: 3 stride: 2", 3, 7, 9, 11)]
    [InlineData("kernel_h: 2 kernel_w: 5 stride_h: 3 stride_w: 1 pad_h: 1 pad_w: 2", 2, 3, 8, 13)]
    [InlineData("kernel_size: 3 stride: 2 pad: 1", 1, 2, 5, 6, 7)]
    [InlineData("kernel_size: 2", 3, 2, 9)]
    [InlineData("global_pooling: true", 2, 5, 4, 6)]
    public void Average_IsTheSame(string settings, params int[] shape) =>
        new GpuComparison().Check(
            Parse($"type: 'Pooling' pooling_param {{ pool: AVE {settings} }}"),
            () => [LayerHarness.RandomBlob(1, shape)]);

    [Theory]
    [InlineData("TRAIN", "kernel_size: 3 stride: 2", 2, 3, 9, 11)]
    [InlineData("TEST", "kernel_size: 3 stride: 2", 2, 3, 9, 11)]
    [InlineData("TRAIN", "kernel_size: 3 stride: 2", 1, 2, 5, 6, 7)]
    [InlineData("TEST", "kernel_size: 3 stride: 1", 1, 2, 3, 4, 5)]
    public void Stochastic_IsTheSame(string phase, string settings, params int[] shape) =>
        new GpuComparison().Check(
            Parse($"type: 'Pooling' phase: {phase} pooling_param {{ pool: STOCHASTIC {settings} }}"),
            () => [LayerHarness.RandomBlob(1, shape, 0, 1)]);

    [Theory]
    [InlineData("pyramid_height: 3 pool: MAX", "TRAIN", 2, 3, 9, 13)]
    [InlineData("pyramid_height: 2 pool: AVE", "TRAIN", 3, 2, 7, 6)]
    [InlineData("pyramid_height: 1", "TRAIN", 3, 2, 7, 6)]
    [InlineData("pyramid_height: 2 pool: STOCHASTIC", "TRAIN", 3, 2, 8, 6)]
    [InlineData("pyramid_height: 2 pool: STOCHASTIC", "TEST", 3, 2, 8, 6)]
    public void Pyramid_IsTheSame(string settings, string phase, params int[] shape) =>
        new GpuComparison().Check(
            Parse($"type: 'SPP' phase: {phase} spp_param {{ {settings} }}"),
            () => [LayerHarness.RandomBlob(1, shape, 0, 1)]);

    [Theory]
    [InlineData("", false, 2, 9, 3, 5)]
    [InlineData("local_size: 3 alpha: 2 beta: 0.6 k: 1.5", true, 2, 4, 5, 3)]
    [InlineData("norm_region: WITHIN_CHANNEL local_size: 3", false, 2, 3, 6, 7)]
    [InlineData("norm_region: WITHIN_CHANNEL local_size: 5 alpha: 3 beta: 1.2", true, 1, 2, 4, 7)]
    public void Responses_AreTheSame(string settings, bool inPlace, params int[] shape) =>
        new GpuComparison { InPlace = inPlace }.Check(
            Parse($"type: 'LRN' lrn_param {{ {settings} }}"), () => [LayerHarness.RandomBlob(1, shape)]);

    [Theory]
    [InlineData(StorageType.Float16, 2e-3f)]
    [InlineData(StorageType.BFloat16, 2e-2f)]
    public void ShortNumbers_AreTakenAndGiven(StorageType storage, float tolerance)
    {
        var comparison = new GpuComparison { Storage = storage, Tolerance = tolerance };
        comparison.Check(
            Parse("type: 'Pooling' pooling_param { pool: MAX kernel_size: 3 stride: 2 }"),
            () => [LayerHarness.RandomBlob(1, [2, 3, 7, 9])]);
        comparison.Check(Parse("type: 'LRN'"), () => [LayerHarness.RandomBlob(1, [2, 7, 3, 5])]);
    }

    // Equal elements, elements that are no numbers, and a plane of nothing else.
    private static Blob Coarse(int[] shape)
    {
        Blob blob = LayerHarness.RandomBlob(1, shape);
        Span<float> values = blob.MutableData;
        for (int i = 0; i < values.Length; i++)
            values[i] = i % 17 == 5 ? float.NaN : MathF.Round(4 * values[i]) / 4;
        values[..blob.CountFrom(2)].Fill(float.NaN);
        return blob;
    }
}
