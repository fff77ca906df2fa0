using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class ReLULayerTests
{
    private static LayerParameter Parameter(float slope = 0) =>
        new() { Type = "ReLU", ReluParam = new ReLUParameter { NegativeSlope = slope } };

    [Theory]
    [InlineData(0f)]
    [InlineData(0.1f)]
    public void Forward_SplitsAtZero(float slope)
    {
        using var harness = new LayerHarness(Parameter(slope), [LayerHarness.RandomBlob(1, [3, 41])]);
        harness.Forward();
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            float x = harness.Bottom[0].Data[i];
            Assert.Equal(x > 0 ? x : slope * x, harness.Top[0].Data[i]);
        }
    }

    [Fact]
    public void Forward_KeepsNaNAndMakesNaNOfNegativeInfinity()
    {
        float[] values = new float[20];
        values[0] = values[17] = float.NaN;
        values[1] = values[18] = float.NegativeInfinity;
        using var harness = new LayerHarness(Parameter(), [LayerHarness.BlobOf([20], values)]);
        harness.Forward();
        foreach (int i in (int[])[0, 1, 17, 18])
            Assert.True(float.IsNaN(harness.Top[0].Data[i]), $"element {i}");
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.2f)]
    [InlineData(-0.3f)]
    public void Backward_AgreesWithDifferences(float slope)
    {
        using var harness = new LayerHarness(Parameter(slope), [LayerHarness.RandomBlob(2, [2, 3, 4, 5])]);
        new GradientChecker { KinkRange = 0.02f }.Check(harness);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.2f)]
    [InlineData(-0.3f)]
    public void InPlace_IsTheSame(float slope) =>
        LayerAssert.InPlaceIsTheSame(Parameter(slope), () => LayerHarness.RandomBlob(3, [5, 7]));

    [Theory]
    [InlineData(0f, false, StorageType.Float32)]
    [InlineData(-0.3f, true, StorageType.Float32)]
    [InlineData(0.3f, true, StorageType.Float16)]
    [InlineData(0.3f, false, StorageType.BFloat16)]
    public void OnAnAccelerator_ItIsTheSame(float slope, bool inPlace, StorageType storage) =>
        new GpuComparison
        {
            InPlace = inPlace,
            Storage = storage,
            Tolerance = storage == StorageType.Float32 ? 1e-6f : 1e-2f,
        }.Check(Parameter(slope), () => [LayerHarness.RandomBlob(4, [3, 7, 19])]);
}
