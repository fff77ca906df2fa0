using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;
using Mode = CaffeActors.Compute.Schema.LossParameter.Types.NormalizationMode;

namespace CaffeActors.Compute.Tests.Layers.Loss;

public sealed class SigmoidCrossEntropyLossLayerTests
{
    private static LayerParameter Parameter(LossParameter? loss = null) =>
        new() { Type = "SigmoidCrossEntropyLoss", LossParam = loss };

    // Targets between 0 and 1, each seventh 255 if asked for.
    private static Blob[] Bottoms(int[] shape, int[] targets, bool ignored = false)
    {
        Blob t = LayerHarness.RandomBlob(2, targets, 0, 1);
        for (int i = 3; ignored && i < t.Count; i += 7)
            t.MutableData[i] = 255;
        return [LayerHarness.RandomBlob(1, shape, -4, 4), t];
    }

    private static double Expected(Blob scores, Blob targets, int? ignore = null)
    {
        double loss = 0;
        for (int i = 0; i < scores.Count; i++)
        {
            double x = scores.Data[i], t = targets.Data[i];
            if ((int)t == ignore)
                continue;
            double s = 1 / (1 + Math.Exp(-x));
            loss -= (t * Math.Log(s)) + ((1 - t) * Math.Log(1 - s));
        }

        return loss;
    }

    [Theory]
    [InlineData(new[] { 4, 5 }, new[] { 4, 5 })]
    [InlineData(new[] { 3, 2, 3, 4 }, new[] { 3, 24 })]
    [InlineData(new[] { 3, 20011 }, new[] { 3, 20011 })]
    [InlineData(new[] { 7 }, new[] { 7, 1, 1, 1 })]
    public void Forward_IsTheCrossEntropyOfAnItem(int[] shape, int[] targets)
    {
        using var harness = new LayerHarness(Parameter(), Bottoms(shape, targets));
        double expected = Expected(harness.Bottom[0], harness.Bottom[1]) / shape[0];
        Assert.Equal(expected, harness.Forward(), 1e-6 * expected);
        new GradientChecker().Check(harness.Bottom[0].Count < 100 ? harness : Small(), 0);

        static LayerHarness Small() => new(Parameter(), Bottoms([2, 3], [2, 3]));
    }

    public static TheoryData<LossParameter, double> Normalizations => new()
    {
        { new LossParameter { Normalization = Mode.Full }, 54 },
        { new LossParameter { Normalization = Mode.Valid }, 46 },
        { new LossParameter { Normalization = Mode.BatchSize }, 2 },
        { new LossParameter { Normalization = Mode.None }, 1 },
        { new LossParameter { Normalize = true }, 46 },
        { new LossParameter { Normalize = false }, 2 },
        { new LossParameter { Normalize = true, Normalization = Mode.None }, 1 },
        { new LossParameter(), 2 },
    };

    [Theory]
    [MemberData(nameof(Normalizations))]
    public void Normalization_Divides(LossParameter loss, double divisor)
    {
        LossParameter ignoring = loss.Clone();
        ignoring.IgnoreLabel = 255;
        using var harness = new LayerHarness(Parameter(ignoring), Bottoms([2, 3, 9], [2, 3, 9], ignored: true));
        double expected = Expected(harness.Bottom[0], harness.Bottom[1], 255) / divisor;
        Assert.Equal(expected, harness.Forward(), 1e-6 * expected);
        harness.Backward(true, false);
        for (int i = 0; i < 54; i++)
        {
            double s = 1 / (1 + Math.Exp(-harness.Bottom[0].Data[i])), t = harness.Bottom[1].Data[i];
            Assert.Equal(t == 255 ? 0 : (s - t) / divisor, harness.Bottom[0].Diff[i], 1e-6);
        }
    }

    [Fact]
    public void IgnoredTarget_IsComparedWithoutItsFraction()
    {
        using var harness = new LayerHarness(
            Parameter(new LossParameter { IgnoreLabel = 0, Normalization = Mode.Valid }),
            [LayerHarness.BlobOf([4], float.NaN, 2, 3, 4), LayerHarness.BlobOf([4], 0.9f, 0, -0.5f, 1)]);
        Assert.Equal(Math.Log(1 + Math.Exp(-4)), harness.Forward(), 1e-7);
        harness.Backward(true, false);
        Assert.Equal([0, 0, 0], harness.Bottom[0].Diff[..3].ToArray());
    }

    [Fact]
    public void BatchOfIgnoredTargets_CostsNothing()
    {
        using var harness = new LayerHarness(
            Parameter(new LossParameter { IgnoreLabel = 0, Normalization = Mode.Valid }),
            [LayerHarness.RandomBlob(2, [4, 3]), new Blob(4, 3)]);
        Assert.Equal(0, harness.Forward());
        harness.Backward(true, false);
        Assert.Equal(new float[12], harness.Bottom[0].Diff.ToArray());
    }

    [Fact]
    public void ScoresOfAnySize_Work()
    {
        Blob scores = LayerHarness.BlobOf([1, 4], 1000, -1000, 1000, -30);
        using var harness = new LayerHarness(Parameter(), [scores, LayerHarness.BlobOf([1, 4], 1, 0, 0, 0)]);
        Assert.Equal(1000 + Math.Exp(-30), harness.Forward(), 1e-3);
        harness.Backward(true, false);
        Assert.Equal([0, 0, 1], harness.Bottom[0].Diff[..3].ToArray());
    }

    [Fact]
    public void OtherShapesAndGradientsOfTargets_AreRefused()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(), [new Blob(4, 5), new Blob(4, 6)], 1, "4 5 (20)", "4 6 (24)");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(), [new Blob(4, 5), new Blob(5, 4)], 1, "first dimension");
        using var harness = new LayerHarness(Parameter(), Bottoms([4, 5], [4, 5]));
        harness.Forward();
        Assert.Equal(ErrorCodes.BadNet, Assert.Throws<CaffeException>(() => harness.Backward(true, true)).Code);
        Assert.False(harness.Layer.AllowForceBackward(1));
    }

    [Fact]
    public void LossWeight_Scales() => LossBottoms.LossWeightScales(Parameter(), () => Bottoms([4, 5], [4, 5]));

    [Fact]
    public void Threads_DoNotMatter() => LayerAssert.ThreadsDoNotMatter(
        Parameter(new LossParameter { IgnoreLabel = 255 }), () => Bottoms([7, 10001], [7, 10001], ignored: true));
}
