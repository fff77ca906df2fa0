using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class ClipLayerTests
{
    private static LayerParameter Parameter(float min, float max) =>
        new() { Type = "Clip", ClipParam = new ClipParameter { Min = min, Max = max } };

    [Theory]
    [InlineData(-0.5f, 0.8f)]
    [InlineData(0f, 6f)]
    [InlineData(-2f, -1f)]
    [InlineData(0.4f, -0.4f)]
    public void Forward_FollowsTheFormula(float min, float max) => LayerAssert.ForwardIs(
        Parameter(min, max), LayerHarness.RandomBlob(1, [3, 41], -3, 3), x => Math.Max(min, Math.Min(x, max)), 0);

    [Fact]
    public void Backward_AgreesWithDifferences()
    {
        // Steps of 0.1 about the limits.
        using var harness = new LayerHarness(
            Parameter(-0.55f, 0.85f), [Common.TestBlobs.Spaced(2, 3, 7)]);
        new GradientChecker().Check(harness);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Limits_AreInside(bool inPlace) => LayerAssert.ValuesAre(
        Parameter(-1, 2), inPlace,
        (-1, -1, 1), (2, 2, 1), (-1.5f, -1, 0), (2.5f, 2, 0), (0, 0, 1), (float.NaN, float.NaN, 0),
        (float.NegativeInfinity, -1, 0));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MinAboveMax_IsEverywhere(bool inPlace) =>
        LayerAssert.ValuesAre(Parameter(1, -1), inPlace, (-3, 1, 0), (0, 1, 0), (1, 1, 0), (3, 1, 0));

    [Fact]
    public void InPlace_IsTheSame() => LayerAssert.InPlaceIsTheSame(
        Parameter(-0.5f, 0.8f), () => LayerHarness.RandomBlob(3, [5, 7], -3, 3));

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(
        Parameter(-0.5f, 0.8f), () => [LayerHarness.RandomBlob(4, [70001], -3, 3)]);

    [Fact]
    public void MissingLimits_AreTold()
    {
        foreach (ClipParameter? clip in (ClipParameter?[])[null, new() { Min = 0 }, new() { Max = 1 }])
        {
            LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, new LayerParameter { Type = "Clip", ClipParam = clip },
                [LayerHarness.RandomBlob(5, [3])], 1, "min", "max");
        }
    }

    [Fact]
    public void Accelerators_DoTheSame() => LayerAssert.AcceleratorsDoTheSame(
        Parameter(-0.5f, 0.8f), () => LayerHarness.RandomBlob(9, [3, 5, 7, 11], -3, 3));
}
