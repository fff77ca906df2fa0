using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class ThresholdLayerTests
{
    private static LayerParameter Parameter(float threshold) =>
        new() { Type = "Threshold", ThresholdParam = new ThresholdParameter { Threshold = threshold } };

    [Theory]
    [InlineData(0f)]
    [InlineData(0.2f)]
    [InlineData(-0.7f)]
    public void Forward_IsAStep(float threshold) => LayerAssert.ForwardIs(
        Parameter(threshold), LayerHarness.RandomBlob(1, [3, 41]), x => x > threshold ? 1 : 0, 0);

    [Fact]
    public void TheThresholdItself_IsBelow()
    {
        using var harness = new LayerHarness(
            new LayerParameter { Type = "Threshold" }, [LayerHarness.BlobOf([4], 0, float.Epsilon, -1, float.NaN)],
            inPlace: true);
        harness.Forward();
        Assert.Equal([0, 1, 0, 0], harness.Top[0].Data.ToArray());
    }

    [Fact]
    public void Gradient_IsRefused() =>
        LayerAssert.HasNoGradient(Parameter(0), [LayerHarness.RandomBlob(2, [3])], 0, "no gradient");

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(
        Parameter(0.2f), () => [LayerHarness.RandomBlob(4, [70001])], gradient: false);

    [Fact]
    public void Accelerators_DoTheSame() => LayerAssert.AcceleratorsDoTheSame(
        Parameter(0), () => LayerHarness.RandomBlob(9, [3, 5, 17]), backward: false);
}
