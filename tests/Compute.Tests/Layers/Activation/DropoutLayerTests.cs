using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Activation;

public sealed class DropoutLayerTests
{
    private static LayerParameter Parameter(float ratio = 0.5f, Phase phase = Phase.Train) =>
        new() { Type = "Dropout", Phase = phase, DropoutParam = new DropoutParameter { DropoutRatio = ratio } };

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.9f)]
    public void Train_KeepsAndScalesByTheWordsOfTheStream(float ratio)
    {
        const int Count = 40011;
        using var harness = new LayerHarness(Parameter(ratio), [LayerHarness.RandomBlob(1, [Count])]);
        harness.Forward();
        RandomDraw draw = new RandomStream(1701, RandomStream.StreamId("layer/mask/0")).NextDraw();
        float scale = 1 / (1 - ratio);
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            bool keep = draw.Bits((uint)i) <= (1.0 - ratio) * uint.MaxValue;
            kept += keep ? 1 : 0;
            Assert.Equal(keep ? harness.Bottom[0].Data[i] * scale : 0, harness.Top[0].Data[i]);
        }

        double deviation = Math.Sqrt(Count * ratio * (1 - ratio));
        Assert.InRange(kept, (Count * (1 - ratio)) - (5 * deviation), (Count * (1 - ratio)) + (5 * deviation));
    }

    [Fact]
    public void Train_DrawsAnewInEachPass()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.BlobOf([64], [.. Enumerable.Repeat(1f, 64)])]);
        harness.Forward();
        float[] first = harness.Top[0].Data.ToArray();
        harness.Forward();
        Assert.NotEqual(first, harness.Top[0].Data.ToArray());
        Assert.Equal(2ul, harness.Layer.RandomStreams["mask"].Counter);

        harness.Layer.RandomStreams["mask"].Counter = 0;
        harness.Forward();
        Assert.Equal(first, harness.Top[0].Data.ToArray());
    }

    [Fact]
    public void Backward_UsesTheMaskOfForward()
    {
        using var harness = new LayerHarness(
            Parameter(0.25f), [LayerHarness.BlobOf([1000], [.. Enumerable.Repeat(1f, 1000)])]);
        harness.Forward();
        harness.Top[0].Data.CopyTo(harness.Top[0].MutableDiff);
        harness.Backward();
        for (int i = 0; i < 1000; i++)
            Assert.Equal(harness.Top[0].Data[i] * (1 / 0.75f), harness.Bottom[0].Diff[i]);
    }

    [Theory]
    [InlineData(Phase.Train)]
    [InlineData(Phase.Test)]
    public void Backward_AgreesWithDifferences(Phase phase)
    {
        using var harness = new LayerHarness(Parameter(0.3f, phase), [LayerHarness.RandomBlob(2, [2, 3, 17])]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Test_IsTheIdentityAndDrawsNothing()
    {
        using var harness = new LayerHarness(Parameter(0.4f, Phase.Test), [LayerHarness.RandomBlob(3, [3, 7])]);
        harness.Forward();
        Assert.Equal(harness.Bottom[0].Data.ToArray(), harness.Top[0].Data.ToArray());
        Assert.Empty(harness.Layer.RandomStreams);
    }

    [Fact]
    public void ShapeMayGrow()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(4, [3])]);
        harness.Forward();
        harness.Bottom[0].Reshape(5, 100);
        harness.Bottom[0].MutableData.Fill(1);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        Assert.Equal(harness.Top[0].Data.ToArray(), harness.Bottom[0].Diff.ToArray());
        Assert.InRange(harness.Top[0].Data.ToArray().Count(value => value == 2), 190, 310);
    }

    [Theory]
    [InlineData(Phase.Train)]
    [InlineData(Phase.Test)]
    public void InPlace_IsTheSame(Phase phase) =>
        LayerAssert.InPlaceIsTheSame(Parameter(0.3f, phase), () => LayerHarness.RandomBlob(5, [5, 7]));

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(0.3f), () => [LayerHarness.RandomBlob(6, [70001])]);

    [Fact]
    public void RatioOfZero_DropsNothing()
    {
        LayerAssert.ForwardIs(Parameter(0), LayerHarness.RandomBlob(7, [40011]), x => x, 0);
        using var harness = new LayerHarness(Parameter(0), [LayerHarness.RandomBlob(7, [37])]);
        new GradientChecker().Check(harness);
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(-0.5f)]
    [InlineData(1.5f)]
    [InlineData(float.NaN)]
    public void Ratio_MustBeBelowOne(float ratio) => LayerAssert.SetUpFails(
        ErrorCodes.BadLayerParameter, Parameter(ratio), [LayerHarness.RandomBlob(7, [3])], 1,
        $"dropout_ratio is {ratio}");

    [Theory]
    [InlineData(Phase.Train)]
    [InlineData(Phase.Test)]
    public void Accelerators_DoTheSame(Phase phase) => LayerAssert.AcceleratorsDoTheSame(
        Parameter(0.3f, phase), () => LayerHarness.RandomBlob(9, [3, 5, 7, 11], -3, 3));
}
