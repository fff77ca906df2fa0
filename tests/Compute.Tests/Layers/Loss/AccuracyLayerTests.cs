using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Loss;

public sealed class AccuracyLayerTests
{
    private static LayerParameter Parameter(int topK = 1, int axis = 1, int? ignore = null)
    {
        var accuracy = new AccuracyParameter { TopK = (uint)topK, Axis = axis };
        if (ignore is { } label)
            accuracy.IgnoreLabel = label;
        return new LayerParameter { Type = "Accuracy", AccuracyParam = accuracy };
    }

    private static Blob[] Bottoms(int[] shape, int[] labelShape, int classes)
    {
        var labels = new Blob(labelShape);
        for (int i = 0; i < labels.Count; i++)
            labels.MutableData[i] = i * 7 % classes;
        return [LayerHarness.RandomBlob(1, shape), labels];
    }

    // Sorts the scores, as the definition has it.
    private static (int[] Right, int[] Seen) Count(Blob scores, Blob labels, int axis, int topK, int? ignore)
    {
        int classes = scores.Dim(axis), inner = scores.CountFrom(scores.CanonicalAxis(axis) + 1);
        int[] right = new int[classes], seen = new int[classes];
        for (int position = 0; position < labels.Count; position++)
        {
            int label = (int)labels.Data[position];
            if (label == ignore)
                continue;
            int start = (position / inner * classes * inner) + (position % inner);
            float[] row = [.. Enumerable.Range(0, classes).Select(c => scores.Data[start + (c * inner)])];
            int[] best = [.. Enumerable.Range(0, classes).OrderByDescending(c => row[c]).Take(topK)];
            seen[label]++;
            right[label] += best.Contains(label) ? 1 : 0;
        }

        return (right, seen);
    }

    [Theory]
    [InlineData(new[] { 100, 10 }, new[] { 100 }, 1, 1, null)]
    [InlineData(new[] { 100, 10 }, new[] { 100 }, 1, 5, null)]
    [InlineData(new[] { 100, 10 }, new[] { 100 }, 1, 10, null)]
    [InlineData(new[] { 100, 10 }, new[] { 100 }, 1, 3, 4)]
    [InlineData(new[] { 40, 37 }, new[] { 40, 1, 1, 1 }, 1, 2, null)]
    [InlineData(new[] { 2, 10, 9, 5 }, new[] { 2, 9, 5 }, 1, 1, 0)]
    [InlineData(new[] { 2, 9, 5, 10 }, new[] { 2, 9, 5 }, -1, 3, null)]
    [InlineData(new[] { 6, 9 }, new[] { 9 }, 0, 2, null)]
    [InlineData(new[] { 300, 100, 3 }, new[] { 300, 3 }, 1, 5, 7)]
    public void Forward_CountsLabelsAmongTheBest(int[] shape, int[] labelShape, int axis, int topK, int? ignore)
    {
        int classes = shape[axis < 0 ? axis + shape.Length : axis];
        using var harness = new LayerHarness(
            Parameter(topK, axis, ignore), Bottoms(shape, labelShape, classes), tops: 2);
        Assert.Equal(0, harness.Forward());
        (int[] right, int[] seen) = Count(harness.Bottom[0], harness.Bottom[1], axis, topK, ignore);
        Assert.Equal((float)right.Sum() / seen.Sum(), harness.Top[0].Data[0]);
        Assert.Equal(0, harness.Top[0].AxisCount);
        Assert.Equal([classes], harness.Top[1].Shape.ToArray());
        for (int c = 0; c < classes; c++)
            Assert.Equal(seen[c] == 0 ? 0 : (float)right[c] / seen[c], harness.Top[1].Data[c]);
    }

    [Theory]
    [InlineData(1, 1, 0f)]
    [InlineData(3, 1, 0f)]
    [InlineData(4, 1, 1f)]
    [InlineData(3, 5, 0f)]
    [InlineData(4, 5, 1f)]
    public void Ties_CountAgainstTheLabel(int topK, int inner, float expected)
    {
        using var harness = new LayerHarness(Parameter(topK), [new Blob(6, 4, inner), new Blob(6, inner)]);
        harness.Forward();
        Assert.Equal(expected, harness.Top[0].Data[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void LabelWhoseScoreIsNaN_CountsAsCorrect(int inner)
    {
        using var harness = new LayerHarness(Parameter(), [new Blob(2, 3, inner), new Blob(2, inner)]);
        harness.Bottom[0].MutableData[..inner].Fill(float.NaN);
        harness.Forward();
        Assert.Equal(0.5f, harness.Top[0].Data[0]);
    }

    [Fact]
    public void AllIgnored_IsZero()
    {
        using var harness = new LayerHarness(
            Parameter(ignore: 0), [LayerHarness.RandomBlob(1, [4, 3]), new Blob(4)], tops: 2);
        harness.Forward();
        Assert.Equal(0, harness.Top[0].Data[0]);
        Assert.Equal(new float[3], harness.Top[1].Data.ToArray());
    }

    [Fact]
    public void LabelOutOfRange_NamesTheItem()
    {
        using var harness = new LayerHarness(Parameter(), Bottoms([8, 5], [8], 5));
        harness.Bottom[1].MutableData[6] = 5;
        CaffeException failure = Assert.Throws<CaffeException>(() => harness.Forward());
        Assert.Equal(
            (ErrorCodes.LabelOutOfRange, FailureKind.Data, 6), (failure.Code, failure.Kind, failure.BatchItem));
        Assert.Contains("accuracy_param { ignore_label }", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    public void TopK_MustBeAmongTheClasses(int topK) => LayerAssert.SetUpFails(
        ErrorCodes.BadLayerParameter, Parameter(topK), Bottoms([8, 5], [8], 5), 1, $"top_k is {topK}", "5");

    [Fact]
    public void LabelsOfAnotherShape_AreRefused() => LayerAssert.SetUpFails(
        ErrorCodes.ShapeMismatch, Parameter(), [new Blob(8, 5), new Blob(7)], 1, "need 8 labels");

    [Fact]
    public void Gradient_IsRefused()
    {
        using var harness = new LayerHarness(Parameter(), Bottoms([8, 5], [8], 5));
        harness.Forward();
        Assert.Equal(ErrorCodes.BadNet, Assert.Throws<CaffeException>(() => harness.Backward(true, false)).Code);
        harness.Backward(false, false);
        Assert.False(harness.Layer.AllowForceBackward(0));
    }

    [Theory]
    [InlineData(new[] { 700, 100 }, new[] { 700 })]
    [InlineData(new[] { 3, 21, 1234 }, new[] { 3, 1234 })]
    public void Threads_DoNotMatter(int[] shape, int[] labelShape) => LayerAssert.ThreadsDoNotMatter(
        Parameter(), () => Bottoms(shape, labelShape, shape[1]), gradient: false);
}
