using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class SwishLayerTests
{
    private static LayerParameter Parameter(float beta) =>
        new() { Type = "Swish", SwishParam = new SwishParameter { Beta = beta } };

    [Theory]
    [InlineData(1f)]
    [InlineData(2.5f)]
    [InlineData(0f)]
    [InlineData(-0.5f)]
    public void Pass_FollowsTheFormula(float beta)
    {
        LayerAssert.ForwardIs(
            Parameter(beta), LayerHarness.RandomBlob(1, [3, 41], -20, 20), x => x / (1 + Math.Exp(-beta * x)));
        using var harness = new LayerHarness(Parameter(beta), [LayerHarness.RandomBlob(2, [2, 3, 4, 5], -3, 3)]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void WithoutParameters_BetaIsOne() => LayerAssert.ForwardIs(
        new LayerParameter { Type = "Swish" }, LayerHarness.RandomBlob(1, [9], -3, 3), x => x / (1 + Math.Exp(-x)));

    [Fact]
    public void InPlace_IsTheSame() =>
        LayerAssert.InPlaceIsTheSame(Parameter(1.5f), () => LayerHarness.RandomBlob(3, [5, 7], -3, 3));

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(1.5f), () => [LayerHarness.RandomBlob(4, [70001], -3, 3)]);

    [Fact]
    public void Accelerators_DoTheSame() =>
        LayerAssert.AcceleratorsDoTheSame(Parameter(1.5f), () => LayerHarness.RandomBlob(9, [3, 5, 17], -3, 3));
}
