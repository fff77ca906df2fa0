using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class LogLayerTests
{
    private static LayerParameter Parameter(float @base, float scale, float shift) =>
        new() { Type = "Log", LogParam = new LogParameter { Base = @base, Scale = scale, Shift = shift } };

    [Theory]
    [InlineData(-1f, 1f, 0f)]
    [InlineData(-1f, 0.5f, 0.3f)]
    [InlineData(10f, 2f, 0.5f)]
    [InlineData(2f, -0.5f, 4f)]
    [InlineData(0.25f, 1f, 0.5f)]
    [InlineData(2f, 0f, 1.5f)]
    public void Pass_FollowsTheFormula(float @base, float scale, float shift)
    {
        double number = @base == -1 ? Math.E : @base;
        LayerAssert.ForwardIs(Parameter(@base, scale, shift), LayerHarness.RandomBlob(1, [3, 41], 0.1f, 5),
            x => Math.Log(shift + (scale * x)) / Math.Log(number));
        using var harness = new LayerHarness(
            Parameter(@base, scale, shift), [LayerHarness.RandomBlob(2, [2, 3, 4, 5], 0.7f, 3)]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void WithoutParameters_ItIsTheNaturalLogarithm() => LayerAssert.ForwardIs(
        new LayerParameter { Type = "Log" }, LayerHarness.RandomBlob(1, [9], 0.1f, 3), Math.Log);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ArgumentsThatHaveNone_GiveNoNumber(bool inPlace) => LayerAssert.ValuesAre(
        Parameter(2, 1, 0), inPlace,
        (0, float.NegativeInfinity, float.PositiveInfinity), (-2, float.NaN, -0.5f / MathF.Log(2)),
        (1, 0, 1 / MathF.Log(2)));

    [Theory]
    [InlineData(-1f, 1f, 0f)]
    [InlineData(10f, 2f, 0.5f)]
    public void InPlace_IsTheSame(float @base, float scale, float shift) => LayerAssert.InPlaceIsTheSame(
        Parameter(@base, scale, shift), () => LayerHarness.RandomBlob(3, [5, 7], 0.1f, 3));

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(
        Parameter(10, 2, 0.5f), () => [LayerHarness.RandomBlob(4, [70001], 0.1f, 3)]);

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    [InlineData(-2f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void BasesWithoutALogarithm_AreRefused(float @base) => LayerAssert.SetUpFails(
        ErrorCodes.BadLayerParameter, Parameter(@base, 1, 0), [LayerHarness.RandomBlob(5, [3])], 1, $"base is {@base}");

    [Fact]
    public void Accelerators_DoTheSame() => LayerAssert.AcceleratorsDoTheSame(
        Parameter(10, 2, 0.5f), () => LayerHarness.RandomBlob(9, [3, 5, 7, 11], 0.1f, 3));
}
