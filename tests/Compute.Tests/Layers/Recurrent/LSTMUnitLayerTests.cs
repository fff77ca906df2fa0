using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Recurrent;

public sealed class LSTMUnitLayerTests
{
    private static readonly LayerParameter _parameter = new() { Type = "LSTMUnit" };

    private static LayerHarness Harness(int items, int width, params float[] marks) => new(
        _parameter,
        [
            LayerHarness.RandomBlob(1, [1, items, width]), LayerHarness.RandomBlob(2, [1, items, 4 * width], -2, 2),
            LayerHarness.BlobOf([1, items], marks),
        ],
        tops: 2);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(2, 37)]
    public void Forward_IsTheFormula(int items, int width)
    {
        float[] marks = [1, 0, 0.5f];
        using LayerHarness harness = Harness(items, width, marks[..items]);
        harness.Forward();
        for (int n = 0; n < items; n++)
        {
            for (int d = 0; d < width; d++)
            {
                double i = Sigmoid(Gate(0)), f = marks[n] * Sigmoid(Gate(1)), o = Sigmoid(Gate(2));
                double c = (f * harness.Bottom[0].Data[(n * width) + d]) + (i * Math.Tanh(Gate(3)));
                Assert.Equal(c, harness.Top[0].Data[(n * width) + d], 1e-6);
                Assert.Equal(o * Math.Tanh(c), harness.Top[1].Data[(n * width) + d], 1e-6);

                double Gate(int gate) => harness.Bottom[1].Data[(n * 4 * width) + (gate * width) + d];
            }
        }

        static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(2, 19)]
    public void Backward_AgreesWithDifferences(int items, int width)
    {
        using LayerHarness harness = Harness(items, width, new float[] { 1, 0, 1 }[..items]);
        new GradientChecker().Check(harness, 0, 1);
    }

    [Fact]
    public void Backward_WritesBothBottomsOrNone()
    {
        using LayerHarness harness = Harness(1, 2, 1);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Top[1].MutableDiff.Fill(1);
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Bottom[1].MutableDiff.Fill(7);
        harness.Backward(false, false, false);
        Assert.All(harness.Bottom[..2], blob => Assert.All(blob.Diff.ToArray(), value => Assert.Equal(7, value)));
        harness.Backward(true, false, false);
        Assert.All(harness.Bottom[..2], blob => Assert.DoesNotContain(7, blob.Diff.ToArray()));
        Fails(ErrorCodes.BadNet, "no gradient", () => harness.Backward());
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(harness.Layer.AllowForceBackward));
    }

    [Fact]
    public void NumberOfItems_MayChange()
    {
        using LayerHarness harness = Harness(2, 3, 1, 1);
        harness.Bottom[0].Reshape(1, 5, 3);
        harness.Bottom[1].Reshape(1, 5, 12);
        harness.Bottom[2].Reshape(1, 5);
        harness.Forward();
        Assert.Equal([1, 5, 3], harness.Top[1].Shape.ToArray());
    }

    [Fact]
    public void WhatDoesNotFit_IsTold()
    {
        Blob c = new(1, 2, 3), gates = new(1, 2, 12), on = new(1, 2);
        Fails(ErrorCodes.BlobCount, "exactly 3", () => new LayerHarness(_parameter, [c, gates], tops: 2));
        Fails(ErrorCodes.BlobCount, "exactly 2", () => new LayerHarness(_parameter, [c, gates, on]));
        Fails(ErrorCodes.ShapeMismatch, "bottom 0", () => Make(new Blob(2, 3), gates, on));
        Fails(ErrorCodes.ShapeMismatch, "bottom 0", () => Make(new Blob(2, 2, 3), gates, on));
        Fails(ErrorCodes.ShapeMismatch, "1 by 2 by 12", () => Make(c, new Blob(1, 2, 9), on));
        Fails(ErrorCodes.ShapeMismatch, "1 by 2 by 12", () => Make(c, new Blob(1, 3, 12), on));
        Fails(ErrorCodes.ShapeMismatch, "bottom 2", () => Make(c, gates, new Blob(2)));
        Fails(ErrorCodes.BadConnection, "in place",
            () => new LayerHarness(_parameter, [c, gates, on], tops: 2, inPlace: true));

        static void Make(params Blob[] bottom) => new LayerHarness(_parameter, bottom, tops: 2);
    }

    private static void Fails(string code, string text, Action action)
    {
        CaffeException failure = Assert.Throws<CaffeException>(action);
        Assert.Equal(code, failure.Code);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }
}
