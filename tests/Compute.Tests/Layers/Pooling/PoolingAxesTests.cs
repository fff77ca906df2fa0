using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;
using static CaffeActors.Compute.Schema.PoolingParameter.Types;

namespace CaffeActors.Compute.Tests.Layers.Pooling;

/// <summary>Pooling over one, three and four spatial axes.</summary>
public sealed class PoolingAxesTests
{
    // Shape; kernel, stride, pad of every axis.
    public static TheoryData<int[], uint, uint, uint> Cases => new()
    {
        { [2, 3, 17], 3, 2, 0 },
        { [2, 3, 40], 3, 1, 1 },
        { [1, 2, 5], 2, 4, 0 },
        { [2, 3, 5, 6, 7], 2, 2, 0 },
        { [1, 2, 6, 5, 40], 3, 2, 1 },
        { [1, 2, 4, 4, 4], 3, 1, 1 },
        { [1, 1, 5, 5, 5], 1, 3, 0 },
        { [1, 2, 3, 4, 3, 5], 2, 2, 0 },
        { [1, 1, 3, 3, 4, 3], 3, 2, 1 },
    };

    private static LayerParameter Parameter(PoolMethod pool, uint kernel, uint stride, uint pad) => new()
    {
        Type = "Pooling",
        PoolingParam = new PoolingParameter { Pool = pool, KernelSize = kernel, Stride = stride, Pad = pad },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_AgreesWithTheDefinition(int[] shape, uint kernel, uint stride, uint pad)
    {
        using Blob values = LayerHarness.RandomBlob(1, shape);
        // Two values only, so that there are equal ones in most windows.
        Blob coarse = LayerHarness.BlobOf(shape, [.. values.Data.ToArray().Select(value => MathF.Round(value))]);
        using var max = new LayerHarness(Parameter(PoolMethod.Max, kernel, stride, pad), [coarse], tops: 2);
        using var average = new LayerHarness(
            Parameter(PoolMethod.Ave, kernel, stride, pad), [LayerHarness.RandomBlob(1, shape)]);
        max.Forward();
        average.Forward();
        ForEachWindow(max, (int)kernel, (int)stride, (int)pad, (window, plane, places, size) =>
        {
            (float greatest, int at) = (float.MinValue, -1);
            foreach (int place in places)
            {
                if (coarse.Data[plane + place] > greatest)
                    (greatest, at) = (coarse.Data[plane + place], place);
            }

            Assert.Equal(greatest, max.Top[0].Data[window]);
            Assert.Equal(at, max.Top[1].Data[window]);
            double mean = places.Length == 0 ? 0 : places.Sum(p => (double)average.Bottom[0].Data[plane + p]) / size;
            Assert.Equal(mean, average.Top[0].Data[window], 1e-5);
        });
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backward_AgreesWithDifferences(int[] shape, uint kernel, uint stride, uint pad)
    {
        foreach (PoolMethod pool in (PoolMethod[])[PoolMethod.Max, PoolMethod.Ave])
        {
            using var harness = new LayerHarness(
                Parameter(pool, kernel, stride, pad), [TestBlobs.Spaced(3, shape)]);
            new GradientChecker { Threshold = 2e-3f }.Check(harness);
        }
    }

    [Fact]
    public void Stochastic_InTestPhaseIsTheMeanOfTheDraw()
    {
        LayerParameter parameter = Parameter(PoolMethod.Stochastic, 2, 2, 0);
        parameter.Phase = Phase.Test;
        using var harness = new LayerHarness(parameter, [LayerHarness.RandomBlob(8, [2, 2, 4, 5, 6], 0.1f, 1)]);
        harness.Forward();
        float[] x = harness.Bottom[0].Data.ToArray();
        ForEachWindow(harness, 2, 2, 0, (window, plane, places, _) => Assert.Equal(
            places.Sum(p => (double)x[plane + p] * x[plane + p]) / places.Sum(p => (double)x[plane + p]),
            harness.Top[0].Data[window], 1e-5));
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void Stochastic_DrawsFromTheWholeWindow()
    {
        const int Images = 4000;
        float[] cells = [.. Enumerable.Range(0, Images).SelectMany(_ => (float[])[0, 0, 0, 1, 0, 3, 0, 0])];
        using var harness = new LayerHarness(
            Parameter(PoolMethod.Stochastic, 2, 1, 0), [LayerHarness.BlobOf([Images, 1, 2, 2, 2], cells)]);
        harness.Forward();
        float[] drawn = harness.Top[0].Data.ToArray();
        Assert.All(drawn, value => Assert.True(value is 1 or 3));
        Assert.Equal(0.75, drawn.Count(value => value == 3) / (double)Images, 0.03);
        harness.Top[0].MutableDiff.Fill(2);
        harness.Backward();
        for (int i = 0; i < Images; i++)
            Assert.Equal(2, harness.Bottom[0].Diff[(8 * i) + (drawn[i] == 1 ? 3 : 5)]);
    }

    [Fact]
    public void GlobalPooling_TakesTheWholeVolume()
    {
        using var harness = new LayerHarness(
            new LayerParameter
            {
                Type = "Pooling",
                PoolingParam = new PoolingParameter { Pool = PoolMethod.Ave, GlobalPooling = true },
            },
            [LayerHarness.RandomBlob(4, [2, 3, 4, 5, 6])]);
        harness.Forward();
        Assert.Equal([2, 3, 1, 1, 1], harness.Top[0].Shape.ToArray());
        Assert.Equal(TestBlobs.ToDoubles(harness.Bottom[0].Data[120..240]).Average(), harness.Top[0].Data[1], 1e-6);
        harness.Bottom[0].Reshape(1, 3, 7, 2, 3);
        harness.Forward();
        Assert.Equal([1, 3, 1, 1, 1], harness.Top[0].Shape.ToArray());
    }

    [Fact]
    public void WhatDoesNotFit_IsNamed()
    {
        LayerParameter sides = Parameter(PoolMethod.Max, 2, 1, 0);
        sides.PoolingParam.ClearKernelSize();
        (sides.PoolingParam.KernelH, sides.PoolingParam.KernelW) = (2, 2);
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, sides, [new Blob(1, 1, 4, 4, 4)], 1, "two spatial axes", "use kernel_size");
        LayerParameter strides = Parameter(PoolMethod.Max, 2, 1, 0);
        strides.PoolingParam.ClearStride();
        (strides.PoolingParam.StrideH, strides.PoolingParam.StrideW) = (2, 2);
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, strides, [new Blob(1, 1, 4)], 1, "use stride");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(PoolMethod.Max, 5, 1, 0), [new Blob(1, 1, 5, 4, 6)], 1,
            "length of axis 3 4", "kernel 5");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(PoolMethod.Max, 1, 1, 0), [new Blob(4, 5)], 1, "at least 3 axes");
        using var harness = new LayerHarness(Parameter(PoolMethod.Max, 2, 1, 0), [new Blob(1, 1, 4, 4, 4)]);
        harness.Bottom[0].Reshape(1, 1, 4, 4);
        Assert.Equal(ErrorCodes.ShapeMismatch, Assert.Throws<CaffeException>(() => harness.Forward()).Code);
    }

    [Theory]
    [InlineData(PoolMethod.Max)]
    [InlineData(PoolMethod.Ave)]
    [InlineData(PoolMethod.Stochastic)]
    public void Threads_DoNotMatter(PoolMethod pool) => LayerAssert.ThreadsDoNotMatter(
        Parameter(pool, 3, 2, pool == PoolMethod.Stochastic ? 0u : 1u),
        () => [LayerHarness.RandomBlob(9, [3, 7, 10, 11, 21], 0, 1)]);

    [Theory]
    [InlineData(PoolMethod.Max)]
    [InlineData(PoolMethod.Ave)]
    public void Passes_AllocateNothing(PoolMethod pool) => SteadyState.AllocatesNothing(
        Parameter(pool, 3, 2, 1), [LayerHarness.RandomBlob(10, [2, 5, 11, 12, 13])]);

    // Calls back with each window's number, its plane's begin, its places on the plane and the size averages divide by.
    private static void ForEachWindow(
        LayerHarness harness, int kernel, int stride, int pad, Action<int, int, int[], int> check)
    {
        int[] lengths = harness.Bottom[0].Shape[2..].ToArray(), pooled = harness.Top[0].Shape[2..].ToArray();
        int planeSize = harness.Bottom[0].CountFrom(2), pooledSize = harness.Top[0].CountFrom(2);
        for (int window = 0; window < harness.Top[0].Count; window++)
        {
            int rest = window % pooledSize, step = 1, size = 1;
            int[] places = [0];
            for (int a = lengths.Length - 1; a >= 0; a--)
            {
                int start = (rest % pooled[a] * stride) - pad, end = Math.Min(start + kernel, lengths[a] + pad);
                size *= end - start;
                rest /= pooled[a];
                int[] inside =
                    [.. Enumerable.Range(start, Math.Max(0, end - start)).Where(i => i >= 0 && i < lengths[a])];
                places = [.. inside.SelectMany(i => places.Select(place => (i * step) + place))];
                step *= lengths[a];
            }

            check(window, window / pooledSize * planeSize, places, size);
        }
    }
}
