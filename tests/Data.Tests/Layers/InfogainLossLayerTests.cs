using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Layers;
using CaffeActors.Testing;
using Google.Protobuf;
using Mode = CaffeActors.Compute.Schema.LossParameter.Types.NormalizationMode;

namespace CaffeActors.Data.Tests.Layers;

public sealed class InfogainLossLayerTests
{
    private static readonly LayerCatalog _catalog = new(typeof(Layer).Assembly, typeof(BatchLayer).Assembly);
    private static readonly bool[] _scoresOnly = [true, false, false];

    private static LayerParameter Parameter(int axis = 1, LossParameter? loss = null, string source = "") => new()
    {
        Type = "InfogainLoss",
        InfogainLossParam = new InfogainLossParameter { Axis = axis, Source = source },
        LossParam = loss,
    };

    private static LayerHarness Harness(LayerParameter parameter, Blob[] bottom, int tops = 1, int threads = 2) =>
        new(parameter, bottom, tops, threads: threads, catalog: _catalog);

    // Labels i * 5 % classes, each seventh 255 if asked for.
    private static Blob[] Bottoms(int[] shape, int[] labelShape, int axis, bool ignored = false)
    {
        int classes = shape[axis];
        var labels = new Blob(labelShape);
        for (int i = 0; i < labels.Count; i++)
            labels.MutableData[i] = ignored && i % 7 == 3 ? 255 : i * 5 % classes;
        return
        [
            LayerHarness.RandomBlob(1, shape, -3, 3), labels,
            LayerHarness.RandomBlob(2, [1, 1, classes, classes], 0, 1),
        ];
    }

    private static double Expected(LayerHarness harness, int axis, int ignore = int.MinValue)
    {
        Blob scores = harness.Bottom[0];
        int classes = scores.Dim(axis), inner = scores.CountFrom(axis + 1);
        double loss = 0;
        for (int position = 0; position < harness.Bottom[1].Count; position++)
        {
            int label = (int)harness.Bottom[1].Data[position];
            if (label == ignore)
                continue;
            int start = (position / inner * classes * inner) + (position % inner);
            double sum = 0;
            for (int c = 0; c < classes; c++)
                sum += Math.Exp(scores.Data[start + (c * inner)]);
            for (int c = 0; c < classes; c++)
            {
                loss += harness.Bottom[2].Data[(label * classes) + c]
                    * (Math.Log(sum) - scores.Data[start + (c * inner)]);
            }
        }

        return loss;
    }

    [Theory]
    [InlineData(new[] { 10, 5 }, new[] { 10 }, 1)]
    [InlineData(new[] { 3, 103 }, new[] { 3, 1, 1, 1 }, 1)]
    [InlineData(new[] { 2, 4, 3, 9 }, new[] { 2, 3, 9 }, 1)]
    [InlineData(new[] { 2, 3, 5, 4 }, new[] { 2, 3, 5 }, -1)]
    [InlineData(new[] { 3, 7000, 4 }, new[] { 3, 7000 }, 2)]
    public void Forward_WeighsTheLogarithmsByTheLabelsRow(int[] shape, int[] labelShape, int axis)
    {
        int place = axis < 0 ? axis + shape.Length : axis;
        using LayerHarness harness = Harness(Parameter(axis), Bottoms(shape, labelShape, place));
        double expected = Expected(harness, place) / harness.Bottom[1].Count;
        Assert.Equal(expected, harness.Forward(), 1e-5 * expected);
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
        using LayerHarness harness = Harness(Parameter(1, loss), Bottoms([2, 4, 3, 9], [2, 3, 9], 1, ignored: true));
        double expected = Expected(harness, 1, 255) / divisor;
        Assert.Equal(expected, harness.Forward(), 1e-5 * expected);
    }

    [Theory]
    [InlineData(new[] { 10, 5 }, new[] { 10 }, 1, false)]
    [InlineData(new[] { 8, 17 }, new[] { 8 }, 1, true)]
    [InlineData(new[] { 2, 4, 3, 3 }, new[] { 2, 3, 3 }, 1, true)]
    [InlineData(new[] { 2, 3, 2, 5 }, new[] { 2, 3, 2 }, 3, false)]
    public void Backward_AgreesWithDifferences(int[] shape, int[] labelShape, int axis, bool ignored)
    {
        LossParameter? loss = ignored ? new LossParameter { IgnoreLabel = 255 } : null;
        using LayerHarness harness = Harness(Parameter(axis, loss), Bottoms(shape, labelShape, axis, ignored));
        new GradientChecker { Step = 2e-2f, Threshold = 2e-3f }.Check(harness, 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void IgnoredPositions_HaveNoGradientEvenOfNaN(int inner)
    {
        using LayerHarness harness = Harness(
            Parameter(1, new LossParameter { IgnoreLabel = -1 }), Bottoms([2, 3, inner], [2, inner], 1));
        harness.Bottom[0].MutableData[0] = float.NaN;
        harness.Bottom[1].MutableData[0] = -1;
        Assert.True(float.IsFinite(harness.Forward()));
        harness.Backward(true, false, false);
        Assert.DoesNotContain(float.NaN, harness.Bottom[0].Diff.ToArray());
        for (int c = 0; c < 3; c++)
            Assert.Equal(0, harness.Bottom[0].Diff[c * inner]);
    }

    [Fact]
    public void ImprobableClass_CostsTheLogarithmOfALittle()
    {
        using LayerHarness harness = Harness(Parameter(), [
            LayerHarness.BlobOf([1, 2], 1000, -1000), LayerHarness.BlobOf([1], 1),
            LayerHarness.BlobOf([2, 2], 9, 9, 0, 1),
        ]);
        Assert.Equal(46.0517f, harness.Forward(), 1e-4f);
    }

    [Theory]
    [InlineData(new float[0], 1)]
    [InlineData(new[] { 0.5f, 0f }, 0.5f)]
    public void SecondTop_HoldsTheProbabilities(float[] weights, float weight)
    {
        LayerParameter parameter = Parameter();
        parameter.LossWeight.Add(weights);
        using LayerHarness harness = Harness(parameter, Bottoms([6, 5, 3], [6, 3], 1), tops: 2);
        float loss = harness.Forward();
        Assert.Equal(harness.Top[0].Data[0] * weight, loss);
        Assert.Equal([6, 5, 3], harness.Top[1].Shape.ToArray());
        Assert.Equal(1, Enumerable.Range(0, 5).Sum(c => harness.Top[1].Data[3 * c]), 1e-5f);
        new GradientChecker { Step = 2e-2f, Threshold = 2e-3f }.Check(harness, 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Matrix_ComesFromAFile(bool isDouble)
    {
        Blob[] bottom = Bottoms([10, 5], [10], 1);
        var stored = new BlobProto { Num = 1, Channels = 1, Height = 5, Width = 5 };
        if (isDouble)
            stored.DoubleData.Add(bottom[2].Data.ToArray().Select(value => (double)value));
        else
            stored.Data.Add(bottom[2].Data.ToArray());
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.At("h.binaryproto"), stored.ToByteArray());
        using LayerHarness third = Harness(Parameter(), Bottoms([10, 5], [10], 1));
        using LayerHarness file = Harness(Parameter(source: folder.At("h.binaryproto")), bottom[..2]);
        Assert.Equal(third.Forward(), file.Forward());
        third.Backward(true, false, false);
        file.Backward(true, false);
        Assert.Equal(third.Bottom[0].Diff.ToArray(), file.Bottom[0].Diff.ToArray());
    }

    [Fact]
    public void FilesThatAreNoMatrix_AreNamed()
    {
        using var folder = new TemporaryFolder();
        string path = folder.At("h.binaryproto");
        Fails(ErrorCodes.FileNotFound, path, FailureKind.Configuration);
        File.WriteAllText(path, "no blob");
        Fails(ErrorCodes.BadRecord, "no binary BlobProto", FailureKind.Data);
        // Shapes that lie.
        foreach (long length in (long[])[24, -5, int.MaxValue, long.MaxValue])
        {
            var stored = new BlobProto { Shape = new BlobShape { Dim = { 1, length } }, Data = { new float[25] } };
            File.WriteAllBytes(path, stored.ToByteArray());
            Fails(ErrorCodes.BadRecord, "is damaged", FailureKind.Data);
        }

        File.WriteAllBytes(path, new BlobProto { Data = { new float[24] } }.ToByteArray());
        Fails(ErrorCodes.ShapeMismatch, "must have 25 values", FailureKind.Configuration);

        void Fails(string code, string named, FailureKind kind)
        {
            CaffeException failure = Assert.Throws<CaffeException>(
                () => Harness(Parameter(source: path), Bottoms([10, 5], [10], 1)[..2]));
            Assert.Equal((code, kind), (failure.Code, failure.Kind));
            Assert.Contains(named, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void WhatDoesNotFit_IsRefused()
    {
        Fails(ErrorCodes.BadLayerParameter, "third bottom", Parameter(), Bottoms([6, 5], [6], 1)[..2]);
        Fails(ErrorCodes.BadLayerParameter, "normalization: VALID",
            Parameter(1, new LossParameter { Normalize = true }), Bottoms([6, 5], [6], 1));
        Fails(ErrorCodes.ShapeMismatch, "6 labels", Parameter(), [.. Bottoms([6, 5], [6, 2], 1)]);
        Fails(ErrorCodes.ShapeMismatch, "must have 25 values",
            Parameter(), [.. Bottoms([6, 5], [6], 1)[..2], new Blob(4, 4)]);
        LayerParameter weighted = Parameter();
        weighted.LossWeight.Add([1f, 1f]);
        Fails(ErrorCodes.BadLayerParameter, "loss_weight", weighted, Bottoms([6, 5], [6], 1), tops: 2);

        using LayerHarness harness = Harness(Parameter(), Bottoms([6, 5], [6], 1));
        harness.Bottom[1].MutableData[4] = 5;
        CaffeException failure = Assert.Throws<CaffeException>(() => harness.Forward());
        Assert.Equal((ErrorCodes.LabelOutOfRange, 4), (failure.Code, failure.BatchItem));
        harness.Bottom[1].MutableData[4] = 4;
        harness.Forward();
        Assert.Equal(ErrorCodes.BadNet, Assert.Throws<CaffeException>(() => harness.Backward(true, true, false)).Code);
        Assert.Equal(ErrorCodes.BadNet, Assert.Throws<CaffeException>(() => harness.Backward(true, false, true)).Code);
        Assert.Equal([true, false, false], Enumerable.Range(0, 3).Select(harness.Layer.AllowForceBackward));

        static void Fails(string code, string named, LayerParameter parameter, Blob[] bottom, int tops = 1)
        {
            CaffeException failure = Assert.Throws<CaffeException>(() => Harness(parameter, bottom, tops));
            Assert.Equal(code, failure.Code);
            Assert.Contains(named, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Passes_AllocateNothingAndThreadsDoNotMatter()
    {
        float[]? gradient = null;
        foreach (int threads in (int[])[1, 2, 5])
        {
            using LayerHarness harness = Harness(Parameter(), Bottoms([70, 90, 31], [70, 31], 1), threads: threads);
            harness.Forward();
            harness.Layer.Backward(harness.Top, _scoresOnly, harness.Bottom);
            gradient ??= harness.Bottom[0].Diff.ToArray();
            Assert.Equal(gradient, harness.Bottom[0].Diff.ToArray());
            SteadyState.AllocatesNothing(harness, _scoresOnly);
        }
    }
}
