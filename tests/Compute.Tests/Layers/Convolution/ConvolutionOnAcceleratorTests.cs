using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Convolution;

/// <summary>Convolutions on an accelerator compute what they do on the CPU, for shapes that fill no tile.</summary>
public sealed class ConvolutionOnAcceleratorTests
{
    private const string Fillers =
        "weight_filler { type: 'gaussian' std: 0.5 } bias_filler { type: 'gaussian' std: 1 }";

    private static LayerParameter Parse(string type, string settings) => TextFormat.Parse<LayerParameter>(
        $"type: '{type}' convolution_param {{ {settings} {Fillers} }}");

    [Theory]
    [InlineData("num_output: 5 kernel_size: 3 pad: 1", 2, 7, 13, 11)]
    [InlineData(
        "num_output: 6 kernel_h: 5 kernel_w: 2 stride_h: 2 stride_w: 3 pad_h: 2 pad_w: 0 group: 2", 2, 4, 13, 17)]
    [InlineData("num_output: 34 kernel_size: 2 dilation: 2 stride: 2", 1, 3, 9, 12)]
    [InlineData("num_output: 9 kernel_size: 1 bias_term: false", 3, 18, 5, 3)]
    [InlineData("num_output: 4 kernel_size: 1 stride: 2", 2, 3, 5, 7)]
    [InlineData("num_output: 6 kernel_size: 3 stride: 2 pad: 1 group: 3", 2, 3, 9, 8)]
    [InlineData("num_output: 2 kernel_size: 3", 9, 1, 12, 12)]
    public void Convolution_IsTheSame(string settings, params int[] shape) =>
        new GpuComparison { Tolerance = 3e-5f }.Check(
            Parse("Convolution", settings), () => [LayerHarness.RandomBlob(1, shape)]);

    [Theory]
    [InlineData("num_output: 3 kernel_size: 4 stride: 2 pad: 1", 2, 5, 6, 7)]
    [InlineData("num_output: 4 kernel_size: 3 group: 2 dilation: 2", 1, 6, 5, 4)]
    [InlineData("num_output: 3 kernel_size: 2 stride: 3 group: 3", 2, 3, 4, 4)]
    public void Deconvolution_IsTheSame(string settings, params int[] shape) =>
        new GpuComparison { Tolerance = 3e-5f }.Check(
            Parse("Deconvolution", settings), () => [LayerHarness.RandomBlob(1, shape)]);

    [Theory]
    [InlineData("num_output: 3 kernel_size: 3 pad: 1", 2, 2, 7)]
    [InlineData("num_output: 3 kernel_size: [2, 3, 2] stride: [1, 2, 2] pad: 1", 1, 2, 4, 5, 6)]
    [InlineData("num_output: 2 kernel_size: 2 stride: 2", 1, 2, 3, 3, 2, 4)]
    public void AnyAxes_AreTheSame(string settings, params int[] shape) =>
        new GpuComparison { Tolerance = 3e-5f }.Check(
            Parse("Convolution", settings), () => [LayerHarness.RandomBlob(1, shape)]);

    [Fact]
    public void AllBottoms_AddToTheGradients() =>
        new GpuComparison { Tops = 2, Tolerance = 3e-5f }.Check(
            Parse("Convolution", "num_output: 3 kernel_size: 3"),
            () => [LayerHarness.RandomBlob(1, [2, 2, 6, 5]), LayerHarness.RandomBlob(2, [2, 2, 6, 5])]);

    [Theory]
    [InlineData(StorageType.Float16, 2e-3f)]
    [InlineData(StorageType.BFloat16, 2e-2f)]
    public void ShortNumbers_AreTakenAndGiven(StorageType storage, float tolerance) =>
        new GpuComparison { Storage = storage, Tolerance = tolerance }.Check(
            Parse("Convolution", "num_output: 5 kernel_size: 3 stride: 2"),
            () => [LayerHarness.RandomBlob(1, [2, 3, 7, 9])]);
}
