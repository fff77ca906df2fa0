using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;
using static CaffeActors.Compute.Schema.LRNParameter.Types;

namespace CaffeActors.Compute.Tests.Layers.Normalization;

public sealed class LRNLayerTests
{
    // Windows smaller and larger than the blob, one and several registers and blocks of pixels, both powers.
    public static TheoryData<NormRegion, int[], uint, float, float, float> Cases => new()
    {
        { NormRegion.AcrossChannels, [2, 7, 3, 3], 5, 1, 0.75f, 1 },
        { NormRegion.AcrossChannels, [1, 6, 5, 4], 5, 0.5f, 0.6f, 2 },
        { NormRegion.AcrossChannels, [2, 4, 4, 5], 3, 2, 0.75f, 1.5f },
        { NormRegion.AcrossChannels, [1, 3, 2, 7], 1, 1, 0.75f, 1 },
        { NormRegion.AcrossChannels, [1, 2, 3, 6], 15, 3, 1, 1 },
        { NormRegion.AcrossChannels, [1, 9, 1, 17], 7, 1, 0.5f, 1 },
        { NormRegion.WithinChannel, [2, 2, 5, 6], 3, 1, 0.75f, 1 },
        { NormRegion.WithinChannel, [1, 2, 3, 18], 5, 4, 0.75f, 7 },
        { NormRegion.WithinChannel, [1, 1, 4, 4], 11, 5, 0.4f, 1 },
        { NormRegion.WithinChannel, [3, 2, 1, 1], 3, 1, 0.75f, 1 },
    };

    private static LayerParameter Parameter(
        NormRegion region = NormRegion.AcrossChannels,
        uint size = 5, float alpha = 1, float beta = 0.75f, float k = 1) =>
        new()
        {
            Type = "LRN",
            LrnParam = new LRNParameter { NormRegion = region, LocalSize = size, Alpha = alpha, Beta = beta, K = k },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_FollowsTheFormula(NormRegion region, int[] shape, uint size, float alpha, float beta, float k)
    {
        using var harness = new LayerHarness(
            Parameter(region, size, alpha, beta, k), [LayerHarness.RandomBlob(1, shape, -3, 3)]);
        harness.Forward();
        TestBlobs.AssertNear(
            Reference(harness.Bottom[0], region, (int)size, alpha, beta, k), harness.Top[0].Data, 2e-6);
    }

    [Theory]
    [InlineData(5u, 0.75f)]
    [InlineData(3u, 0.75f)]
    [InlineData(5u, 0.9f)]
    public void Forward_FollowsTheFormulaOverManyBlocks(uint size, float beta)
    {
        using var harness = new LayerHarness(
            Parameter(size: size, alpha: 1e-4f, beta: beta), [LayerHarness.RandomBlob(2, [2, 11, 27, 29], -100, 100)]);
        harness.Forward();
        TestBlobs.AssertNear(
            Reference(harness.Bottom[0], NormRegion.AcrossChannels, (int)size, 1e-4, beta, 1),
            harness.Top[0].Data, 2e-6);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Backward_AgreesWithDifferences(
        NormRegion region, int[] shape, uint size, float alpha, float beta, float k)
    {
        using var harness = new LayerHarness(
            Parameter(region, size, alpha, beta, k), [LayerHarness.RandomBlob(3, shape, -2, 2)]);
        new GradientChecker().Check(harness);
    }

    [Fact]
    public void LargeNeighbour_LeavesNoTrace()
    {
        // Sums that add what enters a window and subtract what leaves it would keep the rounding of 1e12.
        float[] values = new float[16];
        Array.Fill(values, 1f);
        values[0] = 1e6f;
        using var harness = new LayerHarness(Parameter(size: 3), [LayerHarness.BlobOf([1, 16, 1, 1], values)]);
        harness.Forward();
        Assert.Equal(Math.Pow(2, -0.75), harness.Top[0].Data[8], 1e-6);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void InPlace_IsTheSame(NormRegion region, int[] shape, uint size, float alpha, float beta, float k) =>
        LayerAssert.InPlaceIsTheSame(
            Parameter(region, size, alpha, beta, k), () => LayerHarness.RandomBlob(4, shape, -2, 2));

    [Theory]
    [InlineData(NormRegion.AcrossChannels, 5u, 0.75f)]
    [InlineData(NormRegion.AcrossChannels, 3u, 0.6f)]
    [InlineData(NormRegion.WithinChannel, 3u, 0.75f)]
    public void Threads_DoNotMatter(NormRegion region, uint size, float beta) => LayerAssert.ThreadsDoNotMatter(
        Parameter(region, size, beta: beta), () => [LayerHarness.RandomBlob(5, [3, 20, 31, 33])]);

    [Fact]
    public void InPlace_ThreadsDoNotMatter()
    {
        float[][] results =
        [
            .. ((int[])[1, 3]).Select(threads =>
            {
                using var harness = new LayerHarness(
                    Parameter(), [LayerHarness.RandomBlob(6, [4, 24, 21, 23])], inPlace: true, threads: threads);
                harness.Forward();
                harness.Top[0].MutableDiff.Fill(0.5f);
                harness.Backward();
                return (float[])[.. harness.Top[0].Data, .. harness.Bottom[0].Diff];
            }),
        ];
        Assert.Equal(results[0], results[1]);
    }

    [Theory]
    [InlineData(NormRegion.AcrossChannels, false)]
    [InlineData(NormRegion.AcrossChannels, true)]
    [InlineData(NormRegion.WithinChannel, false)]
    public void Passes_AllocateNothing(NormRegion region, bool inPlace) => SteadyState.AllocatesNothing(
        Parameter(region), [LayerHarness.RandomBlob(7, [3, 20, 31, 33])], inPlace: inPlace);

    [Fact]
    public void Bottom_MayChangeItsShape()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(8, [1, 3, 4, 4])]);
        harness.Forward();
        using Blob larger = LayerHarness.RandomBlob(9, [2, 9, 20, 20]);
        harness.Bottom[0].CopyDataFrom(larger);
        harness.Forward();
        TestBlobs.AssertNear(
            Reference(larger, NormRegion.AcrossChannels, 5, 1, 0.75, 1), harness.Top[0].Data, 2e-6);
    }

    [Fact]
    public void Gradient_ThatIsNotWantedIsNotWritten()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(10, [1, 5, 2, 2])]);
        harness.Forward();
        harness.Bottom[0].MutableDiff.Fill(7);
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward(false);
        Assert.All(harness.Bottom[0].Diff.ToArray(), value => Assert.Equal(7, value));
    }

    [Fact]
    public void WhatCannotWork_IsNamed()
    {
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, Parameter(size: 4), [LayerHarness.RandomBlob(11, [1, 3, 2, 2])], 1,
            "local_size is 4", "odd");
        LayerAssert.SetUpFails(
            ErrorCodes.ShapeMismatch, Parameter(), [LayerHarness.RandomBlob(11, [3, 5])], 1, "4 axes", "3 5 (15)");
    }

    private static double[] Reference(Blob bottom, NormRegion region, int size, double alpha, double beta, double k)
    {
        double[] x = TestBlobs.ToDoubles(bottom.Data), y = new double[x.Length];
        int channels = bottom.Dim(1), height = bottom.Dim(2), width = bottom.Dim(3), half = (size - 1) / 2;
        bool across = region == NormRegion.AcrossChannels;
        for (int i = 0; i < x.Length; i++)
        {
            int w = i % width, h = i / width % height, c = i / (width * height) % channels;
            double sum = 0;
            for (int a = -half; a <= half; a++)
            {
                for (int b = across ? 0 : -half; b <= (across ? 0 : half); b++)
                {
                    bool inside = across ? c + a >= 0 && c + a < channels
                        : h + a >= 0 && h + a < height && w + b >= 0 && w + b < width;
                    if (!inside)
                        continue;
                    double value = x[across ? i + (a * width * height) : i + (a * width) + b];
                    sum += value * value;
                }
            }

            y[i] = x[i] * Math.Pow((across ? k : 1) + (alpha / (across ? size : size * size) * sum), -beta);
        }

        return y;
    }
}
