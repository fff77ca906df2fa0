using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;
using Mode = CaffeActors.Compute.Schema.LossParameter.Types.NormalizationMode;

namespace CaffeActors.Compute.Tests.Layers.Loss;

public sealed class SoftmaxWithLossLayerTests
{
    private static LayerParameter Parameter(int axis = 1, LossParameter? loss = null) =>
        new() { Type = "SoftmaxWithLoss", SoftmaxParam = new SoftmaxParameter { Axis = axis }, LossParam = loss };

    // Labels i % classes, each seventh 255.
    private static Blob[] Bottoms(int[] shape, int[] labelShape, int classes, bool ignored = false)
    {
        var labels = new Blob(labelShape);
        for (int i = 0; i < labels.Count; i++)
            labels.MutableData[i] = ignored && i % 7 == 3 ? 255 : i * 5 % classes;
        return [LayerHarness.RandomBlob(1, shape, -3, 3), labels];
    }

    private static double Expected(Blob scores, Blob labels, int axis, int ignore = int.MinValue)
    {
        int classes = scores.Dim(axis), inner = scores.CountFrom(axis + 1);
        double loss = 0;
        for (int position = 0; position < labels.Count; position++)
        {
            int label = (int)labels.Data[position];
            if (label == ignore)
                continue;
            int start = (position / inner * classes * inner) + (position % inner);
            double sum = 0;
            for (int c = 0; c < classes; c++)
                sum += Math.Exp(scores.Data[start + (c * inner)]);
            loss += Math.Log(sum) - scores.Data[start + (label * inner)];
        }

        return loss;
    }

    [Theory]
    [InlineData(new[] { 10, 5 }, new[] { 10 }, 1)]
    [InlineData(new[] { 10, 5 }, new[] { 10, 1, 1, 1 }, 1)]
    [InlineData(new[] { 3, 1003 }, new[] { 3 }, 1)]
    [InlineData(new[] { 2, 4, 3, 9 }, new[] { 2, 3, 9 }, 1)]
    [InlineData(new[] { 2, 3, 5, 4 }, new[] { 2, 3, 5 }, 3)]
    [InlineData(new[] { 3, 7000, 4 }, new[] { 3, 7000 }, 2)]
    [InlineData(new[] { 2, 3, 20000 }, new[] { 2, 20000 }, 1)]
    public void Forward_IsTheMeanOfTheNegativeLogarithm(int[] shape, int[] labelShape, int axis)
    {
        using var harness = new LayerHarness(Parameter(axis), Bottoms(shape, labelShape, shape[axis]));
        double expected = Expected(harness.Bottom[0], harness.Bottom[1], axis) / harness.Bottom[1].Count;
        Assert.Equal(expected, harness.Forward(), 1e-6 * expected);
        Assert.Equal(0, harness.Top[0].AxisCount);
    }

    [Theory]
    [InlineData(Mode.Full, 54)]
    [InlineData(Mode.Valid, 46)]
    [InlineData(Mode.BatchSize, 2)]
    [InlineData(Mode.None, 1)]
    public void Normalization_Divides(Mode mode, double divisor)
    {
        var loss = new LossParameter { IgnoreLabel = 255, Normalization = mode };
        using var harness = new LayerHarness(Parameter(1, loss), Bottoms([2, 4, 3, 9], [2, 3, 9], 4, ignored: true));
        double expected = Expected(harness.Bottom[0], harness.Bottom[1], 1, 255) / divisor;
        Assert.Equal(expected, harness.Forward(), 1e-6 * expected);
        new GradientChecker { Step = 2e-2f, Threshold = 5e-3f }.Check(harness, 0);
    }

    [Theory]
    [InlineData(true, 46)]
    [InlineData(false, 2)]
    public void Normalize_IsTheOlderForm(bool normalize, double divisor)
    {
        var loss = new LossParameter { IgnoreLabel = 255, Normalize = normalize };
        using var harness = new LayerHarness(Parameter(1, loss), Bottoms([2, 4, 3, 9], [2, 3, 9], 4, ignored: true));
        double expected = Expected(harness.Bottom[0], harness.Bottom[1], 1, 255) / divisor;
        Assert.Equal(expected, harness.Forward(), 1e-6 * expected);
    }

    [Theory]
    [InlineData(new[] { 10, 5 }, new[] { 10 }, 1, false)]
    [InlineData(new[] { 10, 37 }, new[] { 10 }, 1, true)]
    [InlineData(new[] { 2, 4, 3, 3 }, new[] { 2, 3, 3 }, 1, true)]
    [InlineData(new[] { 2, 3, 2, 5 }, new[] { 2, 3, 2 }, 3, false)]
    public void Backward_AgreesWithDifferences(int[] shape, int[] labelShape, int axis, bool ignored)
    {
        LossParameter? loss = ignored ? new LossParameter { IgnoreLabel = 255 } : null;
        using var harness = new LayerHarness(Parameter(axis, loss), Bottoms(shape, labelShape, shape[axis], ignored));
        new GradientChecker().Check(harness, 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void IgnoredPositions_HaveNoGradientEvenOfNaN(int inner)
    {
        using var harness = new LayerHarness(
            Parameter(1, new LossParameter { IgnoreLabel = -1 }),
            [LayerHarness.RandomBlob(2, [2, 3, inner]), new Blob(2, inner)]);
        harness.Bottom[0].MutableData[0] = float.NaN;
        harness.Bottom[1].MutableData[0] = -1;
        Assert.True(float.IsFinite(harness.Forward()));
        harness.Backward(true, false);
        for (int c = 0; c < 3; c++)
            Assert.Equal(0, harness.Bottom[0].Diff[c * inner]);
        Assert.DoesNotContain(float.NaN, harness.Bottom[0].Diff.ToArray());
        Assert.NotEqual(0, harness.Bottom[0].Diff[(3 * inner) + 1]);
    }

    [Fact]
    public void BatchOfIgnoredLabels_CostsNothing()
    {
        using var harness = new LayerHarness(
            Parameter(1, new LossParameter { IgnoreLabel = 0 }), [LayerHarness.RandomBlob(2, [4, 3]), new Blob(4)]);
        Assert.Equal(0, harness.Forward());
        harness.Backward(true, false);
        Assert.Equal(new float[12], harness.Bottom[0].Diff.ToArray());
    }

    [Fact]
    public void CertainButWrong_CostsTheLogarithmOfTheLeastFloat()
    {
        using var harness = new LayerHarness(
            Parameter(), [LayerHarness.BlobOf([1, 2], 1000, -1000), LayerHarness.BlobOf([1], 1)]);
        Assert.Equal(87.3365f, harness.Forward(), 1e-4f);
        harness.Backward(true, false);
        Assert.Equal([1, -1], harness.Bottom[0].Diff.ToArray());
    }

    [Fact]
    public void Labels_AreTruncated()
    {
        using var harness = new LayerHarness(
            Parameter(), [LayerHarness.RandomBlob(3, [2, 3]), LayerHarness.BlobOf([2], 1.9f, -0.5f)]);
        float loss = harness.Forward();
        harness.Bottom[1].MutableData[0] = 1;
        harness.Bottom[1].MutableData[1] = 0;
        Assert.Equal(loss, harness.Forward());
    }

    [Theory]
    [InlineData(5f)]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e10f)]
    public void LabelOutOfRange_NamesTheItem(float label)
    {
        using var harness = new LayerHarness(Parameter(), Bottoms([40, 5, 3], [40, 3], 5));
        harness.Bottom[1].MutableData[(17 * 3) + 2] = label;
        harness.Bottom[1].MutableData[^1] = label;
        CaffeException failure = Assert.Throws<CaffeException>(() => harness.Forward());
        Assert.Equal(ErrorCodes.LabelOutOfRange, failure.Code);
        Assert.Equal(FailureKind.Data, failure.Kind);
        Assert.Equal(17, failure.BatchItem);
        string[] named = ["'layer'", $"label {label}", "item 17", "position 2", "0 to 4", "ignore_label"];
        Assert.All(named, text => Assert.Contains(text, failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void LossWeight_ScalesTheGradient()
    {
        LayerParameter parameter = Parameter();
        parameter.LossWeight.Add(0.25f);
        using var weighted = new LayerHarness(parameter, Bottoms([6, 5], [6], 5));
        using var plain = new LayerHarness(Parameter(), Bottoms([6, 5], [6], 5));
        Assert.Equal(plain.Forward() / 4, weighted.Forward());
        plain.Backward(true, false);
        weighted.Backward(true, false);
        for (int i = 0; i < 30; i++)
            Assert.Equal(plain.Bottom[0].Diff[i] / 4, weighted.Bottom[0].Diff[i]);
    }

    // One weight, none, or two with 0 for the probabilities.
    [Theory]
    [InlineData(new float[0], 1)]
    [InlineData(new[] { 0.5f }, 0.5f)]
    [InlineData(new[] { 0.5f, 0f }, 0.5f)]
    public void SecondTop_HoldsTheProbabilities(float[] weights, float weight)
    {
        LayerParameter parameter = Parameter();
        parameter.LossWeight.Add(weights);
        using var harness = new LayerHarness(parameter, Bottoms([6, 5, 3], [6, 3], 5), tops: 2);
        using var softmax = new LayerHarness(
            new LayerParameter { Type = "Softmax" }, [LayerHarness.RandomBlob(1, [6, 5, 3], -3, 3)]);
        softmax.Forward();
        float loss = harness.Forward();
        Assert.Equal(harness.Top[0].Data[0] * weight, loss);
        Assert.Equal([6, 5, 3], harness.Top[1].Shape.ToArray());
        Assert.Equal(softmax.Top[0].Data.ToArray(), harness.Top[1].Data.ToArray());
        new GradientChecker().Check(harness, 0);
    }

    [Fact]
    public void SecondTop_TakesNoLossWeight()
    {
        LayerParameter parameter = Parameter();
        parameter.LossWeight.Add([1f, 1f]);
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, parameter, Bottoms([6, 5], [6], 5), 2, "loss_weight");
    }

    // A weighted class is a class of as many equal items.
    [Theory]
    [InlineData(new[] { 10, 5 }, new[] { 10 }, 1)]
    [InlineData(new[] { 4, 37 }, new[] { 4 }, 1)]
    [InlineData(new[] { 2, 4, 3, 9 }, new[] { 2, 3, 9 }, 1)]
    public void ThirdBottom_WeighsTheClasses(int[] shape, int[] labelShape, int axis)
    {
        int classes = shape[axis];
        Blob weights = LayerHarness.RandomBlob(5, [1, classes], 0, 3);
        var loss = new LossParameter { IgnoreLabel = 255 };
        using var harness = new LayerHarness(
            Parameter(axis, loss), [.. Bottoms(shape, labelShape, classes, ignored: true), weights]);
        double expected = 0;
        using var one = new LayerHarness(
            Parameter(axis, new LossParameter { IgnoreLabel = 255, Normalization = Mode.None }),
            Bottoms(shape, labelShape, classes, ignored: true));
        float[] labels = one.Bottom[1].Data.ToArray();
        for (int c = 0; c < classes; c++)
        {
            for (int i = 0; i < labels.Length; i++)
                one.Bottom[1].MutableData[i] = labels[i] == c ? c : 255;
            expected += weights.Data[c] * (double)one.Forward();
        }

        expected /= labels.Count(label => label != 255);
        Assert.Equal(expected, harness.Forward(), 1e-5 * expected);
        new GradientChecker { Step = 2e-2f, Threshold = 2e-3f }.Check(harness, 0);
    }

    [Theory]
    [InlineData(new[] { 10, 5 }, new[] { 10 })]
    [InlineData(new[] { 2, 4, 3, 9 }, new[] { 2, 3, 9 })]
    public void Weights_HoldForSmoothedTargetsToo(int[] shape, int[] labelShape)
    {
        var loss = new LossParameter { IgnoreLabel = 255, LabelSmoothing = 0.2f };
        Blob weights = LayerHarness.RandomBlob(5, [shape[1]], 0.5f, 3);
        using var harness = new LayerHarness(
            Parameter(1, loss), [.. Bottoms(shape, labelShape, shape[1], ignored: true), weights]);
        new GradientChecker { Step = 2e-2f, Threshold = 2e-3f }.Check(harness, 0);
        float weighted = harness.Forward();
        foreach (ref float weight in weights.MutableData)
            weight *= 2;
        Assert.Equal(2 * weighted, harness.Forward(), 1e-5f * weighted);
    }

    [Fact]
    public void WeightsOfOne_ChangeNothing()
    {
        using var plain = new LayerHarness(Parameter(), Bottoms([2, 4, 3, 9], [2, 3, 9], 4));
        using var weighted = new LayerHarness(
            Parameter(), [.. Bottoms([2, 4, 3, 9], [2, 3, 9], 4), LayerHarness.BlobOf([4], 1, 1, 1, 1)]);
        Assert.Equal(plain.Forward(), weighted.Forward());
        plain.Backward(true, false);
        weighted.Backward(true, false, false);
        Assert.Equal(plain.Bottom[0].Diff.ToArray(), weighted.Bottom[0].Diff.ToArray());
    }

    [Fact]
    public void WeightsThatDoNotFit_AreRefused()
    {
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(),
            [.. Bottoms([6, 5], [6], 5), new Blob(6)], 1, "third bottom", "5 classes", "6 (6)");
        using var harness = new LayerHarness(Parameter(), [.. Bottoms([6, 5], [6], 5), new Blob(5)]);
        harness.Forward();
        CaffeException failure = Assert.Throws<CaffeException>(() => harness.Backward(true, false, true));
        Assert.Contains("bottom 2", failure.Message, StringComparison.Ordinal);
        Assert.False(harness.Layer.AllowForceBackward(2));
    }

    [Theory]
    [InlineData(new[] { 6, 5 }, new[] { 5 }, "first dimension")]
    [InlineData(new[] { 6, 5, 2 }, new[] { 6 }, "need 12 labels")]
    public void LabelsOfAnotherShape_AreRefused(int[] shape, int[] labelShape, string named) => LayerAssert.SetUpFails(
        ErrorCodes.ShapeMismatch, Parameter(), [new Blob(shape), new Blob(labelShape)], 1, named);

    [Fact]
    public void GradientOfLabels_IsRefused()
    {
        using var harness = new LayerHarness(Parameter(), Bottoms([6, 5], [6], 5));
        harness.Forward();
        Assert.Equal(ErrorCodes.BadNet, Assert.Throws<CaffeException>(() => harness.Backward(true, true)).Code);
        Assert.False(harness.Layer.AllowForceBackward(1));
    }

    [Theory]
    [InlineData(new[] { 70, 1000 }, new[] { 70 }, 1)]
    [InlineData(new[] { 3, 21, 40, 41 }, new[] { 3, 40, 41 }, 1)]
    [InlineData(new[] { 3, 20000, 3 }, new[] { 3, 20000 }, 2)]
    public void Threads_DoNotMatter(int[] shape, int[] labelShape, int axis) => LayerAssert.ThreadsDoNotMatter(
        Parameter(axis), () => Bottoms(shape, labelShape, shape[axis]));
}
