using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class ELULayerTests
{
    private static LayerParameter Parameter(float alpha) =>
        new() { Type = "ELU", EluParam = new ELUParameter { Alpha = alpha } };

    [Theory]
    [InlineData(1f)]
    [InlineData(0.7f)]
    [InlineData(0f)]
    [InlineData(-2f)]
    public void Pass_FollowsTheFormula(float alpha)
    {
        LayerAssert.ForwardIs(Parameter(alpha), LayerHarness.RandomBlob(1, [3, 41], -20, 20),
            x => x > 0 ? x : (double)alpha * (Math.Exp(x) - 1));
        using var harness = new LayerHarness(Parameter(alpha), [LayerHarness.RandomBlob(2, [2, 3, 4, 5], -3, 3)]);
        new GradientChecker { KinkRange = 0.02f }.Check(harness);
    }

    [Fact]
    public void WithoutParameters_AlphaIsOne() => LayerAssert.ForwardIs(
        new LayerParameter { Type = "ELU" }, LayerHarness.RandomBlob(1, [9]), x => x > 0 ? x : Math.Exp(x) - 1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FarFromZero_ItIsItsLimit(bool inPlace) => LayerAssert.ValuesAre(
        Parameter(0.5f), inPlace,
        (0, 0, 0.5f), (7, 7, 1), (-100, -0.5f, 0), (float.NegativeInfinity, -0.5f, 0),
        (float.PositiveInfinity, float.PositiveInfinity, 1), (float.NaN, float.NaN, float.NaN));

    [Theory]
    [InlineData(1f)]
    [InlineData(0f)]
    [InlineData(-2f)]
    public void InPlace_IsTheSame(float alpha) =>
        LayerAssert.InPlaceIsTheSame(Parameter(alpha), () => LayerHarness.RandomBlob(3, [5, 7], -3, 3));

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(0.7f), () => [LayerHarness.RandomBlob(4, [70001], -3, 3)]);

    [Theory]
    [InlineData(0.7f)]
    [InlineData(-2f)]
    public void Accelerators_DoTheSame(float alpha) =>
        LayerAssert.AcceleratorsDoTheSame(Parameter(alpha), () => LayerHarness.RandomBlob(9, [3, 5, 17], -3, 3));
}
