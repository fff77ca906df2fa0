using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Common;

public sealed class ArgMaxLayerTests
{
    private static LayerParameter Parameter(uint best = 1, bool values = false, int? axis = null)
    {
        var argmax = new ArgMaxParameter { TopK = best, OutMaxVal = values };
        if (axis is { } given)
            argmax.Axis = given;
        return new LayerParameter { Type = "ArgMax", ArgmaxParam = argmax };
    }

    [Theory]
    [InlineData(new[] { 3, 7 }, 1u, new[] { 3, 1, 1 })]
    [InlineData(new[] { 3, 7 }, 2u, new[] { 3, 1, 2 })]
    [InlineData(new[] { 4 }, 1u, new[] { 4, 1, 1 })]
    [InlineData(new[] { 2, 3, 4, 5 }, 60u, new[] { 2, 1, 60, 1 })]
    [InlineData(new[] { 2, 3, 4, 5, 2 }, 7u, new[] { 2, 1, 7, 1, 1 })]
    [InlineData(new[] { 2, 500 }, 3u, new[] { 2, 1, 3 })]
    public void WithoutAxis_ItemsAreCompared(int[] shape, uint best, int[] top)
    {
        using Blob bottom = Ties(shape);
        float[] expected = Reference(bottom, shape[0], bottom.Count / shape[0], 1, (int)best, values: false);
        using (var indices = new LayerHarness(Parameter(best), [Ties(shape)]))
        {
            indices.Forward();
            Assert.Equal(top, indices.Top[0].Shape.ToArray());
            Assert.Equal(expected, indices.Top[0].Data.ToArray());
        }

        using var pairs = new LayerHarness(Parameter(best, values: true), [Ties(shape)]);
        pairs.Forward();
        top[1] = 2;
        Assert.Equal(top, pairs.Top[0].Shape.ToArray());
        float[] values = Reference(bottom, shape[0], bottom.Count / shape[0], 1, (int)best, values: true);
        for (int i = 0; i < shape[0]; i++)
        {
            ReadOnlySpan<float> item = pairs.Top[0].Data.Slice(i * 2 * (int)best, 2 * (int)best);
            Assert.Equal(expected.AsSpan(i * (int)best, (int)best), item[..(int)best]);
            Assert.Equal(values.AsSpan(i * (int)best, (int)best), item[(int)best..]);
        }
    }

    [Theory]
    [InlineData(new[] { 3, 7 }, 1u, 1)]
    [InlineData(new[] { 3, 7 }, 7u, -1)]
    [InlineData(new[] { 3, 7 }, 2u, 0)]
    [InlineData(new[] { 2, 9, 4, 5 }, 1u, 1)]
    [InlineData(new[] { 2, 9, 4, 5 }, 4u, 1)]
    [InlineData(new[] { 2, 21, 9, 11 }, 1u, -3)]
    [InlineData(new[] { 2, 3, 4, 50 }, 3u, 3)]
    public void WithAxis_TheAxisIsCompared(int[] shape, uint best, int axis)
    {
        using Blob bottom = Ties(shape);
        int along = bottom.CanonicalAxis(axis);
        int outer = bottom.CountRange(0, along), inner = bottom.CountFrom(along + 1);
        foreach (bool values in (bool[])[false, true])
        {
            using var harness = new LayerHarness(Parameter(best, values, axis), [Ties(shape)]);
            harness.Forward();
            int[] top = [.. shape];
            top[along] = (int)best;
            Assert.Equal(top, harness.Top[0].Shape.ToArray());
            Assert.Equal(
                Reference(bottom, outer, shape[along], inner, (int)best, values), harness.Top[0].Data.ToArray());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void OfEquals_TheLastIsFirst(int places)
    {
        using var harness = new LayerHarness(Parameter(axis: 0), [new Blob(5, places)]);
        harness.Bottom[0].MutableData[0] = -0f;
        harness.Bottom[0].MutableData[^1] = -0f;
        harness.Forward();
        Assert.All(harness.Top[0].Data.ToArray(), index => Assert.Equal(4, index));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void NaN_IsTheGreatest(int places)
    {
        using var harness = new LayerHarness(Parameter(axis: 0), [LayerHarness.RandomBlob(1, [6, places])]);
        Span<float> data = harness.Bottom[0].MutableData;
        data[(0 * places) + 0] = -float.NaN;
        data[(2 * places) + 0] = float.NaN;
        data[(3 * places) + 0] = float.PositiveInfinity;
        harness.Forward();
        Assert.Equal(2, harness.Top[0].Data[0]);
        using var all = new LayerHarness(Parameter(best: 6, axis: 0), [LayerHarness.RandomBlob(1, [6, places])]);
        data = all.Bottom[0].MutableData;
        data.Fill(float.NaN);
        all.Forward();
        Assert.Equal([5, 4, 3, 2, 1, 0], Enumerable.Range(0, 6).Select(k => all.Top[0].Data[k * places]));
    }

    [Fact]
    public void Gradient_IsRefused() =>
        LayerAssert.HasNoGradient(Parameter(), [LayerHarness.RandomBlob(2, [3, 4])], 0, "no gradient");

    [Theory]
    [InlineData(1u, 1)]
    [InlineData(5u, 1)]
    [InlineData(1u, null)]
    public void Threads_DoNotMatter(uint best, int? axis) => LayerAssert.ThreadsDoNotMatter(
        Parameter(best, axis: axis), () => [LayerHarness.RandomBlob(3, [6, 21, 41, 43])], gradient: false);

    [Theory]
    [InlineData(1u)]
    [InlineData(5u)]
    public void Passes_AllocateNothing(uint best) => SteadyState.AllocatesNothing(
        Parameter(best, axis: 1), [LayerHarness.RandomBlob(4, [3, 21, 31, 33])], propagate: [false]);

    [Theory]
    [InlineData(0u, null, "top_k is 0")]
    [InlineData(13u, null, "top_k is 13")]
    [InlineData(5u, 2, "top_k is 5")]
    [InlineData(4000000000u, 2, "top_k is 4000000000")]
    public void ImpossibleNumbers_AreRefused(uint best, int? axis, string named) => LayerAssert.SetUpFails(
        ErrorCodes.BadLayerParameter, Parameter(best, axis: axis), [LayerHarness.RandomBlob(5, [2, 3, 4])], 1, named);

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(axis: 3), [LayerHarness.RandomBlob(5, [2, 3, 4])], 1, "axis 3");
        LayerAssert.SetUpFails(ErrorCodes.ShapeMismatch, Parameter(), [new Blob([])], 1, "scalar");
        LayerAssert.InPlaceIsRefused(Parameter(), LayerHarness.RandomBlob(5, [2, 3]));
    }

    // Few different values, so that there are ties.
    private static Blob Ties(int[] shape)
    {
        Blob blob = LayerHarness.RandomBlob(1, shape, -5, 5);
        foreach (ref float value in blob.MutableData)
            value = MathF.Round(value);
        return blob;
    }

    private static float[] Reference(Blob x, int outer, int classes, int inner, int best, bool values)
    {
        float[] y = new float[outer * best * inner];
        for (int position = 0; position < outer * inner; position++)
        {
            int item = position / inner, place = position % inner;
            (float Value, int Index)[] sorted =
            [
                .. Enumerable.Range(0, classes)
                    .Select(c => (Value: x.Data[(((item * classes) + c) * inner) + place], Index: c))
                    .OrderByDescending(pair => pair.Value).ThenByDescending(pair => pair.Index),
            ];
            for (int k = 0; k < best; k++)
                y[(((item * best) + k) * inner) + place] = values ? sorted[k].Value : sorted[k].Index;
        }

        return y;
    }

    [Theory]
    [InlineData(1u, true, null)]
    [InlineData(5u, true, null)]
    [InlineData(1u, false, 1)]
    [InlineData(3u, true, 2)]
    public void OnAnAccelerator_ItIsTheSame(uint best, bool values, int? axis) => new GpuComparison { Backward = false }
        .Check(Parameter(best, values, axis), () => [Ties([3, 7, 5, 11])]);
}
