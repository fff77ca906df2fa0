using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class EmbedLayerTests
{
    private static LayerParameter Parameter(uint outputs = 5, uint inputs = 9, bool bias = true) => new()
    {
        Type = "Embed",
        EmbedParam = new EmbedParameter
        {
            NumOutput = outputs,
            InputDim = inputs,
            BiasTerm = bias,
            WeightFiller = new FillerParameter { Type = "gaussian" },
            BiasFiller = new FillerParameter { Type = "gaussian" },
        },
    };

    private static Blob Indices(int[] shape, int rows)
    {
        Blob blob = LayerHarness.RandomBlob(1, shape, 0, rows);
        foreach (ref float value in blob.MutableData)
            value = MathF.Floor(value);
        return blob;
    }

    [Theory]
    [InlineData(new[] { 4, 3 }, 5u, true)]
    [InlineData(new[] { 4, 3 }, 5u, false)]
    [InlineData(new[] { 40 }, 1u, true)]
    [InlineData(new[] { 2, 3, 1, 2 }, 70u, true)]
    [InlineData(new int[] { }, 3u, false)]
    public void Pass_LooksRowsUp(int[] shape, uint outputs, bool bias)
    {
        using var harness = new LayerHarness(Parameter(outputs, bias: bias), [Indices(shape, 9)]);
        harness.Forward();
        Assert.Equal([.. shape, (int)outputs], harness.Top[0].Shape.ToArray());
        Assert.Equal(bias ? 2 : 1, harness.Layer.Blobs.Count);
        Assert.Equal([9, (int)outputs], harness.Layer.Blobs[0].Shape.ToArray());
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            int row = (int)harness.Bottom[0].Data[i / (int)outputs], column = i % (int)outputs;
            float expected = harness.Layer.Blobs[0].Data[(row * (int)outputs) + column]
                + (bias ? harness.Layer.Blobs[1].Data[column] : 0);
            Assert.Equal(expected, harness.Top[0].Data[i]);
        }

        // No bottom: an index has no gradient. What is checked are the blobs.
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward(false);
        float[] expectedRows = new float[9];
        foreach (float index in harness.Bottom[0].Data)
            expectedRows[(int)index]++;
        for (int i = 0; i < harness.Layer.Blobs[0].Count; i++)
            Assert.Equal(expectedRows[i / (int)outputs], harness.Layer.Blobs[0].Diff[i]);
        if (bias)
            Assert.All(harness.Layer.Blobs[1].Diff.ToArray(), value => Assert.Equal(harness.Bottom[0].Count, value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Backward_AgreesWithDifferences(bool bias)
    {
        using var harness = new LayerHarness(Parameter(bias: bias), [Indices([4, 3], 9)]);
        new GradientChecker().CheckBlobs(harness);
    }

    [Fact]
    public void Gradients_AreAddedAndOnlyWhereWanted()
    {
        using var harness = new LayerHarness(Parameter(2, 3), [LayerHarness.BlobOf([2], 1, 1)]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward(false);
        harness.Backward(false);
        Assert.Equal([0, 0, 4, 4, 0, 0], harness.Layer.Blobs[0].Diff.ToArray());
        Assert.Equal([4, 4], harness.Layer.Blobs[1].Diff.ToArray());
        harness.Layer.ParamPropagateDown[0] = harness.Layer.ParamPropagateDown[1] = false;
        harness.Backward(false);
        Assert.Equal([0, 0, 4, 4, 0, 0], harness.Layer.Blobs[0].Diff.ToArray());
        Assert.Equal([4, 4], harness.Layer.Blobs[1].Diff.ToArray());
    }

    [Fact]
    public void Fillers_GoByTheShapeAlone()
    {
        LayerParameter parameter = Parameter(300, 2);
        parameter.EmbedParam.WeightFiller = new FillerParameter { Type = "xavier" };
        using var harness = new LayerHarness(parameter, [Indices([3], 2)]);
        // Fan-in is count / input_dim = 300.
        float limit = MathF.Sqrt(3f / 300);
        Assert.InRange(harness.Layer.Blobs[0].Data.ToArray().Max(MathF.Abs), 0.9f * limit, limit);
    }

    [Theory]
    [InlineData(-1f, 4)]
    [InlineData(9f, 2)]
    [InlineData(float.NaN, 5)]
    [InlineData(1e30f, 0)]
    public void IndexOutOfRange_IsTold(float index, int at)
    {
        using var harness = new LayerHarness(Parameter(), [Indices([2, 3], 9)]);
        harness.Bottom[0].MutableData[at] = index;
        CaffeException failure = LayerAssert.Fails(ErrorCodes.LabelOutOfRange, () => harness.Forward(),
            $"index {index}", $"item {at / 3}, position {at % 3}", "0 to 8");
        Assert.Equal(FailureKind.Data, failure.Kind);
        Assert.Equal(at / 3, failure.BatchItem);
    }

    [Fact]
    public void Fractions_AreCutOff()
    {
        using var harness = new LayerHarness(Parameter(1, 3, bias: false), [LayerHarness.BlobOf([3], -0.5f, 1.9f, 2)]);
        harness.Forward();
        Assert.Equal(harness.Layer.Blobs[0].Data.ToArray(), harness.Top[0].Data.ToArray());
    }

    [Fact]
    public void IndexGradient_IsRefused() =>
        LayerAssert.HasNoGradient(Parameter(), [Indices([3], 9)], 0, "no gradient goes to indices");

    [Fact]
    public void Threads_DoNotMatter()
    {
        float[][] results =
        [
            .. ((int[])[1, 2, 5]).Select(threads =>
            {
                using var harness = new LayerHarness(Parameter(203, 70), [Indices([901], 70)], threads: threads);
                harness.Forward();
                LayerHarness.FillRandom(harness.Top[0].MutableDiff, 5);
                harness.Backward(false);
                return (float[])
                    [.. harness.Top[0].Data, .. harness.Layer.Blobs[0].Diff, .. harness.Layer.Blobs[1].Diff];
            }),
        ];
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Fact]
    public void Passes_AllocateNothing() =>
        SteadyState.AllocatesNothing(Parameter(203, 70), [Indices([901], 70)], propagate: [false]);

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, Parameter(0), [new Blob(3)], 1, "num_output is 0");
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, Parameter(3, 0), [new Blob(3)], 1, "input_dim is 0");
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, Parameter(70000, 70000), [new Blob(3)], 1, "70000");
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, new LayerParameter { Type = "Embed" }, [new Blob(3)], 1, "num_output");
        LayerParameter stored = Parameter();
        stored.Blobs.Add(new BlobProto { Shape = new BlobShape { Dim = { 1 } }, Data = { 1 } });
        LayerAssert.SetUpFails(ErrorCodes.BlobCount, stored, [new Blob(3)], 1, "1 stored");
        LayerAssert.InPlaceIsRefused(Parameter(), new Blob(3));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OnAnAccelerator_ItIsTheSame(bool bias) => new GpuComparison { Propagate = [false] }.Check(
        Parameter(outputs: 13, bias: bias), () => [Indices([7, 5], 9)]);
}
