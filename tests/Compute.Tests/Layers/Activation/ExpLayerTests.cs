using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class ExpLayerTests
{
    private static LayerParameter Parameter(float @base, float scale, float shift) =>
        new() { Type = "Exp", ExpParam = new ExpParameter { Base = @base, Scale = scale, Shift = shift } };

    [Theory]
    [InlineData(-1f, 1f, 0f)]
    [InlineData(-1f, 0.5f, 0.3f)]
    [InlineData(2f, 0.5f, 0.1f)]
    [InlineData(10f, -0.3f, -1f)]
    [InlineData(0.25f, 1f, 0.5f)]
    [InlineData(1f, 2f, 3f)]
    [InlineData(2f, 0f, 1.5f)]
    public void Pass_FollowsTheFormula(float @base, float scale, float shift)
    {
        double number = @base == -1 ? Math.E : @base;
        LayerAssert.ForwardIs(Parameter(@base, scale, shift), LayerHarness.RandomBlob(1, [3, 41], -3, 3),
            x => Math.Pow(number, shift + (scale * x)));
        using var harness = new LayerHarness(
            Parameter(@base, scale, shift), [LayerHarness.RandomBlob(2, [2, 3, 4, 5])]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void WithoutParameters_ItIsTheExponential() => LayerAssert.ForwardIs(
        new LayerParameter { Type = "Exp" }, LayerHarness.RandomBlob(1, [9], -3, 3), Math.Exp);

    [Fact]
    public void InPlace_IsTheSame() => LayerAssert.InPlaceIsTheSame(
        Parameter(2, 0.5f, 0.1f), () => LayerHarness.RandomBlob(3, [5, 7], -3, 3));

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(
        Parameter(2, 0.5f, 0.1f), () => [LayerHarness.RandomBlob(4, [70001], -3, 3)]);

    [Theory]
    [InlineData(0f)]
    [InlineData(-2f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void BasesWithoutALogarithm_AreRefused(float @base) => LayerAssert.SetUpFails(
        ErrorCodes.BadLayerParameter, Parameter(@base, 1, 0), [LayerHarness.RandomBlob(5, [3])], 1, $"base is {@base}");

    [Fact]
    public void Accelerators_DoTheSame() => LayerAssert.AcceleratorsDoTheSame(
        Parameter(2, 0.5f, 0.1f), () => LayerHarness.RandomBlob(9, [3, 5, 7, 11], -1, 1));
}
