using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class BNLLLayerTests
{
    private static readonly LayerParameter _parameter = new() { Type = "BNLL" };

    [Theory]
    [InlineData(new[] { 1 })]
    [InlineData(new[] { 3, 41 })]
    [InlineData(new[] { 2, 3, 4, 5 })]
    public void Pass_FollowsTheFormula(int[] shape)
    {
        LayerAssert.ForwardIs(_parameter, LayerHarness.RandomBlob(1, shape, -30, 30), x => Math.Log(1 + Math.Exp(x)));
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(2, shape, -3, 3)]);
        new GradientChecker().Check(harness);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FarFromZero_ItIsItsLimit(bool inPlace) => LayerAssert.ValuesAre(
        _parameter, inPlace,
        (100, 100, 1), (float.PositiveInfinity, float.PositiveInfinity, 1), (-200, 0, 0),
        (float.NegativeInfinity, 0, 0), (float.NaN, float.NaN, float.NaN));

    [Fact]
    public void InPlace_IsTheSame() =>
        LayerAssert.InPlaceIsTheSame(_parameter, () => LayerHarness.RandomBlob(3, [5, 7], -3, 3));

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(_parameter, () => [LayerHarness.RandomBlob(4, [70001], -3, 3)]);

    [Fact]
    public void Accelerators_DoTheSame() =>
        LayerAssert.AcceleratorsDoTheSame(_parameter, () => LayerHarness.RandomBlob(9, [3, 5, 17], -3, 3));
}
