using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

/// <summary>SoftmaxWithLoss with label_smoothing.</summary>
public sealed class LabelSmoothingTests
{
    private static LayerParameter Parameter(float smoothing) => new()
    {
        Type = "SoftmaxWithLoss",
        LossParam = new LossParameter { LabelSmoothing = smoothing, IgnoreLabel = 255 },
    };

    // Labels i * 5 % classes, each seventh ignored.
    private static Blob[] Bottoms(int[] shape)
    {
        var labels = new Blob([shape[0], .. shape[2..]]);
        for (int i = 0; i < labels.Count; i++)
            labels.MutableData[i] = i % 7 == 3 ? 255 : i * 5 % shape[1];
        return [LayerHarness.RandomBlob(1, shape, -3, 3), labels];
    }

    [Theory]
    [InlineData(new[] { 10, 5 })]
    [InlineData(new[] { 9, 1003 })]
    [InlineData(new[] { 2, 4, 3, 9 })]
    [InlineData(new[] { 2, 3, 20000 })]
    public void Forward_IsTheCrossEntropyWithTheSmoothedTarget(int[] shape)
    {
        const double Smoothing = 0.1;
        using var harness = new LayerHarness(Parameter((float)Smoothing), Bottoms(shape));
        Blob scores = harness.Bottom[0], labels = harness.Bottom[1];
        int classes = shape[1], inner = scores.CountFrom(2);
        double loss = 0;
        int valid = 0;
        for (int position = 0; position < labels.Count; position++)
        {
            int label = (int)labels.Data[position];
            if (label == 255)
                continue;
            valid++;
            int start = (position / inner * classes * inner) + (position % inner);
            double sum = 0;
            for (int c = 0; c < classes; c++)
                sum += Math.Exp(scores.Data[start + (c * inner)]);
            for (int c = 0; c < classes; c++)
            {
                double target = (c == label ? 1 - Smoothing : 0) + (Smoothing / classes);
                loss -= target * (scores.Data[start + (c * inner)] - Math.Log(sum));
            }
        }

        Assert.Equal(loss / valid, harness.Forward(), 2e-6 * loss / valid);
    }

    [Theory]
    [InlineData(new[] { 10, 5 }, 0.1f)]
    [InlineData(new[] { 4, 19 }, 0.5f)]
    [InlineData(new[] { 2, 4, 3, 9 }, 0.1f)]
    public void Backward_AgreesWithDifferences(int[] shape, float smoothing)
    {
        using var harness = new LayerHarness(Parameter(smoothing), Bottoms(shape));
        new GradientChecker { Step = 2e-2f, Threshold = 5e-3f }.Check(harness, 0);
    }

    [Fact]
    public void IgnoredPositions_GetNoGradient()
    {
        using var harness = new LayerHarness(Parameter(0.2f), Bottoms([2, 4, 3, 9]));
        harness.Forward();
        harness.Backward(true, false);
        for (int c = 0; c < 4; c++)
            Assert.Equal(0, harness.Bottom[0].Diff[(c * 27) + 3]);
    }

    [Theory]
    [InlineData(-0.1f)]
    [InlineData(1f)]
    [InlineData(float.NaN)]
    public void OtherValues_AreRefused(float smoothing) => LayerAssert.SetUpFails(
        ErrorCodes.BadLayerParameter, Parameter(smoothing), Bottoms([2, 3]), 1, "label_smoothing");

    [Theory]
    [InlineData(new[] { 70, 1003 })]
    [InlineData(new[] { 3, 5, 20011 })]
    public void Threads_DoNotMatter(int[] shape) =>
        LayerAssert.ThreadsDoNotMatter(Parameter(0.1f), () => Bottoms(shape));
}
