using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class PowerLayerTests
{
    private static LayerParameter Parameter(float power, float scale, float shift) =>
        new() { Type = "Power", PowerParam = new PowerParameter { Power = power, Scale = scale, Shift = shift } };

    [Theory]
    [InlineData(1f, 1f, 0f)]
    [InlineData(1f, -2f, 0.5f)]
    [InlineData(2f, 0.5f, 0f)]
    [InlineData(2f, 0.5f, -1f)]
    [InlineData(3f, 1.5f, 0f)]
    [InlineData(1.5f, 0.5f, 1.2f)]
    [InlineData(-1f, 1f, 2f)]
    [InlineData(0.5f, 1f, 2f)]
    [InlineData(0f, 1f, 2f)]
    [InlineData(3f, 0f, 2f)]
    [InlineData(0f, 0f, 0f)]
    public void ForwardAndBackward_FollowTheFormula(float power, float scale, float shift)
    {
        using var harness = new LayerHarness(
            Parameter(power, scale, shift), [LayerHarness.RandomBlob(1, [3, 7, 5])]);
        harness.Forward();
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            double expected = Math.Pow(shift + ((double)scale * harness.Bottom[0].Data[i]), power);
            Assert.Equal(expected, harness.Top[0].Data[i], 1e-6 * Math.Max(1, Math.Abs(expected)));
        }

        new GradientChecker().Check(harness);
    }

    [Fact]
    public void WithoutParameters_ItIsTheIdentity()
    {
        using var harness = new LayerHarness(new LayerParameter { Type = "Power" }, [LayerHarness.RandomBlob(2, [33])]);
        harness.Forward();
        Assert.Equal(harness.Bottom[0].Data.ToArray(), harness.Top[0].Data.ToArray());
    }

    [Fact]
    public void BaseOfZero_HasTheLimitAsGradient()
    {
        foreach ((float power, float expected) in ((float, float)[])[(3, 0), (1.5f, 0), (0.5f, float.PositiveInfinity)])
        {
            using var harness = new LayerHarness(Parameter(power, 2, 0), [LayerHarness.BlobOf([1], 0)]);
            harness.Forward();
            harness.Top[0].MutableDiff[0] = 1;
            harness.Backward();
            Assert.Equal(expected, harness.Bottom[0].Diff[0]);
        }
    }

    [Fact]
    public void NegativeBaseWithAFraction_IsNaN()
    {
        using var harness = new LayerHarness(Parameter(0.5f, 1, 0), [LayerHarness.BlobOf([2], -1, 4)]);
        harness.Forward();
        Assert.Equal([float.NaN, 2], harness.Top[0].Data.ToArray());
    }

    [Theory]
    [InlineData(0f, 1f, 2f)]
    [InlineData(1f, 2f, 1f)]
    [InlineData(2f, 2f, 1f)]
    [InlineData(3f, 0.5f, 2f)]
    public void InPlace_IsTheSame(float power, float scale, float shift) =>
        LayerAssert.InPlaceIsTheSame(Parameter(power, scale, shift), () => LayerHarness.RandomBlob(3, [5, 7]));

    [Theory]
    [InlineData(1f)]
    [InlineData(2f)]
    [InlineData(1.5f)]
    public void Threads_DoNotMatter(float power) => LayerAssert.ThreadsDoNotMatter(
        Parameter(power, 0.5f, 2), () => [LayerHarness.RandomBlob(4, [50001])]);

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(1f, 2f)]
    [InlineData(2f, 2f)]
    [InlineData(3f, 0.5f)]
    [InlineData(1.5f, 0.5f)]
    [InlineData(-1f, 0.5f)]
    [InlineData(2f, 0f)]
    public void Accelerators_DoTheSame(float power, float scale) => LayerAssert.AcceleratorsDoTheSame(
        Parameter(power, scale, 2), () => LayerHarness.RandomBlob(9, [3, 5, 7, 11], -1, 1));
}
