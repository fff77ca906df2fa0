using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class AbsValLayerTests
{
    private static readonly LayerParameter _parameter = new() { Type = "AbsVal" };

    [Theory]
    [InlineData(new[] { 1 })]
    [InlineData(new[] { 3, 41 })]
    [InlineData(new[] { 2, 3, 4, 5 })]
    public void Pass_FollowsTheFormula(int[] shape)
    {
        LayerAssert.ForwardIs(_parameter, LayerHarness.RandomBlob(1, shape), Math.Abs, 0);
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(2, shape)]);
        new GradientChecker { KinkRange = 0.02f }.Check(harness);
    }

    [Fact]
    public void SignOfZero_IsZero() => LayerAssert.ValuesAre(
        _parameter, inPlace: false,
        (0, 0, 0), (-0f, 0, 0), (-3, 3, -1), (4, 4, 1), (float.NaN, float.NaN, 0),
        (float.NegativeInfinity, float.PositiveInfinity, -1));

    [Fact]
    public void InPlace_IsRefused() => LayerAssert.InPlaceIsRefused(_parameter, LayerHarness.RandomBlob(3, [5]));

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(_parameter, () => [LayerHarness.RandomBlob(4, [70001])]);

    [Fact]
    public void Accelerators_DoTheSame() => LayerAssert.AcceleratorsDoTheSame(
        _parameter, () => LayerHarness.RandomBlob(9, [3, 5, 7, 11], -3, 3), inPlace: false);
}
