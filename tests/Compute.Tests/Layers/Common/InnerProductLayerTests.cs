using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class InnerProductLayerTests
{
    private static LayerParameter Parameter(uint outputs, bool transpose = false, bool bias = true, int axis = 1)
    {
        var inner = new InnerProductParameter
        {
            NumOutput = outputs,
            Transpose = transpose,
            BiasTerm = bias,
            Axis = axis,
        };
        return new LayerParameter { Type = "InnerProduct", InnerProductParam = inner };
    }

    // Weights of a fixed random sequence, whatever fillers there are.
    private static LayerHarness Harness(LayerParameter parameter, Blob bottom)
    {
        var harness = new LayerHarness(parameter, [bottom]);
        foreach (Blob blob in harness.Layer.Blobs)
            LayerHarness.FillRandom(blob.MutableData, blob.AxisCount);
        return harness;
    }

    [Theory]
    [InlineData(false, true, 3)]
    [InlineData(true, true, 3)]
    [InlineData(false, false, 40)]
    [InlineData(true, false, 40)]
    public void Forward_IsTheProduct(bool transpose, bool bias, int batch)
    {
        LayerParameter parameter = Parameter(5, transpose, bias);
        using LayerHarness harness = Harness(parameter, LayerHarness.RandomBlob(1, [batch, 2, 3, 4]));
        harness.Forward();
        Assert.Equal([batch, 5], harness.Top[0].Shape.ToArray());
        Assert.Equal(transpose ? [24, 5] : [5, 24], harness.Layer.Blobs[0].Shape.ToArray());
        for (int i = 0; i < batch; i++)
        {
            for (int j = 0; j < 5; j++)
            {
                double sum = bias ? harness.Layer.Blobs[1].Data[j] : 0;
                for (int k = 0; k < 24; k++)
                {
                    int weight = transpose ? (k * 5) + j : (j * 24) + k;
                    sum += (double)harness.Bottom[0].Data[(i * 24) + k] * harness.Layer.Blobs[0].Data[weight];
                }

                Assert.Equal(sum, harness.Top[0].Data[(i * 5) + j], 1e-5);
            }
        }

        Assert.Equal(2 * batch * 5 * 24, harness.Layer.ForwardFlops(harness.Bottom, harness.Top));
    }

    [Theory]
    [InlineData(false, true, 1)]
    [InlineData(true, true, 2)]
    [InlineData(false, false, -1)]
    public void Backward_AgreesWithDifferences(bool transpose, bool bias, int axis)
    {
        LayerParameter parameter = Parameter(4, transpose, bias, axis);
        using LayerHarness harness = Harness(parameter, LayerHarness.RandomBlob(2, [3, 2, 4]));
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Backward_AddsToParametersAndLeavesOutWhatIsNotWanted()
    {
        using LayerHarness harness = Harness(Parameter(3), LayerHarness.BlobOf([2, 1], 2, 3));
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Layer.Blobs[0].MutableDiff.Fill(0.5f);
        harness.Layer.Blobs[1].MutableDiff.Fill(0.5f);
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Backward(false);
        Assert.Equal([5.5f, 5.5f, 5.5f], harness.Layer.Blobs[0].Diff.ToArray());
        Assert.Equal([2.5f, 2.5f, 2.5f], harness.Layer.Blobs[1].Diff.ToArray());
        Assert.Equal([7, 7], harness.Bottom[0].Diff.ToArray());
        harness.Layer.ParamPropagateDown[0] = harness.Layer.ParamPropagateDown[1] = false;
        harness.Backward(true);
        Assert.Equal([5.5f, 5.5f, 5.5f], harness.Layer.Blobs[0].Diff.ToArray());
        Assert.Equal([2.5f, 2.5f, 2.5f], harness.Layer.Blobs[1].Diff.ToArray());
        Assert.Equal(harness.Layer.Blobs[0].Data.ToArray().Sum(), harness.Bottom[0].Diff[0], 1e-5);
    }

    [Fact]
    public void Top_KeepsTheAxesBeforeTheCut()
    {
        using LayerHarness harness = Harness(Parameter(6, axis: -1), LayerHarness.RandomBlob(1, [2, 3, 4]));
        Assert.Equal([2, 3, 6], harness.Top[0].Shape.ToArray());
        harness.Bottom[0].Reshape(5, 1, 4);
        harness.Forward();
        Assert.Equal([5, 1, 6], harness.Top[0].Shape.ToArray());
        using LayerHarness whole = Harness(Parameter(6, axis: 0), LayerHarness.RandomBlob(1, [2, 3, 4]));
        Assert.Equal([6], whole.Top[0].Shape.ToArray());
    }

    [Fact]
    public void WhatDoesNotFit_IsTold()
    {
        using LayerHarness harness = Harness(Parameter(6), LayerHarness.RandomBlob(1, [2, 3, 4]));
        harness.Bottom[0].Reshape(2, 3, 5);
        Fails(ErrorCodes.ShapeMismatch, "must hold 12 numbers", () => harness.Forward());
        harness.Bottom[0].Reshape(24);
        Fails(ErrorCodes.ShapeMismatch, "must hold 12 numbers", () => harness.Forward());
        Fails(ErrorCodes.BadLayerParameter, "num_output is 0", () => new LayerHarness(Parameter(0), [new Blob(2, 3)]));
        Fails(ErrorCodes.ShapeMismatch, "no numbers", () => new LayerHarness(Parameter(2), [new Blob(2, 0)]));
        Fails(ErrorCodes.ShapeMismatch, "axis 5", () => new LayerHarness(Parameter(2, axis: 5), [new Blob(2, 3)]));
        LayerParameter stored = Parameter(2);
        stored.Blobs.Add(new BlobProto { Shape = new BlobShape { Dim = { 2, 3 } }, Data = { 1, 2, 3, 4, 5, 6 } });
        Fails(ErrorCodes.BlobCount, "1 stored", () => new LayerHarness(stored, [new Blob(2, 3)]));
    }

    [Fact]
    public void InPlace_IsRefused() => LayerAssert.InPlaceIsRefused(Parameter(3), LayerHarness.RandomBlob(1, [2, 3]));

    private static void Fails(string code, string text, Action action)
    {
        CaffeException failure = Assert.Throws<CaffeException>(action);
        Assert.Equal(code, failure.Code);
        Assert.Contains(text, failure.Message, StringComparison.Ordinal);
    }
}
