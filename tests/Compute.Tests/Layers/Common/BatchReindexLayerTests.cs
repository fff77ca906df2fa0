using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class BatchReindexLayerTests
{
    private static readonly LayerParameter _parameter = new() { Type = "BatchReindex" };

    private static Blob Indices(params float[] values) => LayerHarness.BlobOf([values.Length], values);

    [Theory]
    [InlineData(new[] { 4, 3, 2 }, new[] { 0f, 2, 2, 3, 0, 1 })]
    [InlineData(new[] { 4 }, new[] { 3f, 3 })]
    [InlineData(new[] { 4, 70 }, new[] { 1f })]
    [InlineData(new[] { 4, 2 }, new[] { 3.75f, 0.5f, -0f })]
    public void Pass_ChoosesItems(int[] shape, float[] indices)
    {
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(1, shape), Indices(indices)]);
        harness.Forward();
        Assert.Equal([indices.Length, .. shape[1..]], harness.Top[0].Shape.ToArray());
        int length = harness.Bottom[0].CountFrom(1);
        for (int i = 0; i < indices.Length; i++)
        {
            Assert.Equal(
                harness.Bottom[0].Data.Slice((int)indices[i] * length, length),
                harness.Top[0].Data.Slice(i * length, length));
        }

        new GradientChecker().Check(harness, 0);
    }

    [Fact]
    public void GradientsOfAnItem_AreAddedUp()
    {
        using var harness = new LayerHarness(_parameter, [new Blob(3, 1), Indices(2, 0, 2, 2)]);
        harness.Forward();
        ((float[])[1, 10, 100, 1000]).CopyTo(harness.Top[0].MutableDiff);
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Backward(true, false);
        Assert.Equal([10, 0, 1101], harness.Bottom[0].Diff.ToArray());
    }

    [Fact]
    public void NoIndices_ChooseNothing()
    {
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(1, [3, 2]), Indices()]);
        harness.Forward();
        Assert.Equal([0, 2], harness.Top[0].Shape.ToArray());
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Backward(true, false);
        Assert.All(harness.Bottom[0].Diff.ToArray(), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(-0.5f)]
    [InlineData(3f)]
    [InlineData(float.NaN)]
    [InlineData(1e30f)]
    public void IndexOutOfRange_IsTold(float index)
    {
        using var harness = new LayerHarness(_parameter, [LayerHarness.RandomBlob(1, [3, 2]), Indices(0, index)]);
        CaffeException failure = LayerAssert.Fails(
            ErrorCodes.LabelOutOfRange, () => harness.Forward(), $"index {index}", "position 1", "0 to 2");
        Assert.Equal(FailureKind.Data, failure.Kind);
        Assert.Equal(1, failure.BatchItem);
    }

    [Fact]
    public void IndexGradient_IsRefused() => LayerAssert.HasNoGradient(
        _parameter, [LayerHarness.RandomBlob(1, [3, 2]), Indices(0, 1)], 1, "no gradient goes to indices");

    [Fact]
    public void Threads_DoNotMatter()
    {
        float[] indices = [.. Enumerable.Range(0, 300).Select(i => (float)(i * i % 50))];
        LayerAssert.ThreadsDoNotMatter(
            _parameter, () => [LayerHarness.RandomBlob(2, [50, 1003]), Indices(indices)]);
    }

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, _parameter, [LayerHarness.RandomBlob(1, [3, 2]), new Blob(2, 1)], 1,
            "one axis", "2 1 (2)");
        LayerAssert.InPlaceIsRefused(_parameter, LayerHarness.RandomBlob(1, [3, 2]), Indices(0));
    }

    [Fact]
    public void OnAnAccelerator_ItIsTheSame() => new GpuComparison { Propagate = [true, false] }.Check(
        _parameter, () => [LayerHarness.RandomBlob(1, [6, 7, 5]), Indices(5, 0, 2, 2, 5, 1, 5, 0, 2)]);
}
