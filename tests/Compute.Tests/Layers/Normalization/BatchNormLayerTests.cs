using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Normalization;

public sealed class BatchNormLayerTests
{
    private static LayerParameter Parameter(
        bool? global = null, float fraction = 0.9f, float eps = 1e-3f, Phase phase = Phase.Train)
    {
        var norm = new BatchNormParameter { MovingAverageFraction = fraction, Eps = eps };
        if (global is { } value)
            norm.UseGlobalStats = value;
        return new() { Type = "BatchNorm", Phase = phase, BatchNormParam = norm };
    }

    [Theory]
    [InlineData(5, 3, 4, 4)]
    [InlineData(2, 4, 7, 7)]
    [InlineData(3, 2, 1, 5)]
    [InlineData(6, 19, 1, 1)]
    [InlineData(1, 2, 3, 3)]
    [InlineData(700, 5, 1, 1)]
    [InlineData(1, 2, 300, 301)]
    public void Forward_NormalizesAndKeepsStatistics(int n, int c, int h, int w)
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(1, [n, c, h, w], -2, 5)]);
        double[] mean = new double[c], variance = new double[c];
        double weight = 0, count = (double)n * h * w;
        for (int pass = 0; pass < 2; pass++)
        {
            harness.Forward();
            (double[] y, double[] m, double[] v) = Reference(harness.Bottom[0], 1e-3);
            TestBlobs.AssertNear(y, harness.Top[0].Data);
            weight = (0.9 * weight) + 1;
            for (int i = 0; i < c; i++)
            {
                mean[i] = (0.9 * mean[i]) + m[i];
                variance[i] = (0.9 * variance[i]) + (v[i] * (count > 1 ? count / (count - 1) : 1));
            }

            TestBlobs.AssertNear(mean, harness.Layer.Blobs[0].Data);
            TestBlobs.AssertNear(variance, harness.Layer.Blobs[1].Data);
            Assert.Equal(weight, harness.Layer.Blobs[2].Scalar, 1e-6);
        }
    }

    [Fact]
    public void Forward_KeepsItsDigitsFarFromZero()
    {
        using var harness = new LayerHarness(
            Parameter(eps: 0), [LayerHarness.RandomBlob(2, [4, 3, 9, 9], 10000, 10001)]);
        harness.Forward();
        TestBlobs.AssertNear(Reference(harness.Bottom[0], 0).Y, harness.Top[0].Data, 2e-3);
    }

    [Fact]
    public void Forward_OfOneElementAChannelGivesZero()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(3, [1, 20])]);
        harness.Forward();
        Assert.Equal(new float[20], harness.Top[0].Data.ToArray());
        Assert.Equal(harness.Bottom[0].Data.ToArray(), harness.Layer.Blobs[0].Data.ToArray());
    }

    [Fact]
    public void Forward_TakesABottomOfOneAxisAsOneChannel()
    {
        using var harness = new LayerHarness(Parameter(eps: 0), [LayerHarness.BlobOf([4], 1, 2, 3, 4)]);
        harness.Forward();
        Assert.Equal(-1.5 / Math.Sqrt(1.25), harness.Top[0].Data[0], 1e-6);
    }

    [Theory]
    [InlineData(3, 3, 4, 5)]
    [InlineData(2, 2, 1, 3)]
    [InlineData(7, 18, 1, 1)]
    [InlineData(2, 1, 3, 17)]
    public void Backward_AgreesWithDifferences(int n, int c, int h, int w)
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(4, [n, c, h, w], -1, 2)]);
        new GradientChecker { Threshold = 3e-3f }.Check(harness);
    }

    [Fact]
    public void Backward_OfABottomOfTwoAxesAgreesWithDifferences()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(5, [9, 5], -1, 2)]);
        new GradientChecker { Threshold = 3e-3f }.Check(harness);
    }

    [Theory]
    [InlineData(true, Phase.Train)]
    [InlineData(null, Phase.Test)]
    public void GlobalStatistics_AreUsedAndLeftAlone(bool? global, Phase phase)
    {
        LayerParameter parameter = Parameter(global, phase: phase);
        foreach (float[] stored in (float[][])[[2, -4], [8, 18], [2]])
        {
            using Blob blob = LayerHarness.BlobOf([stored.Length], stored);
            parameter.Blobs.Add(blob.ToProto());
        }

        using var harness = new LayerHarness(parameter, [LayerHarness.RandomBlob(6, [3, 2, 4, 3])]);
        harness.Forward();
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            (double mean, double variance) = i / 12 % 2 == 0 ? (1, 4) : (-2, 9);
            double scale = 1 / Math.Sqrt(variance + 1e-3);
            Assert.Equal((harness.Bottom[0].Data[i] - mean) * scale, harness.Top[0].Data[i], 1e-5);
            Assert.Equal(scale, harness.Bottom[0].Diff[i], 1e-6);
        }

        Assert.Equal([2, -4], harness.Layer.Blobs[0].Data.ToArray());
        Assert.Equal(2, harness.Layer.Blobs[2].Scalar);
    }

    [Fact]
    public void GlobalStatistics_OfNothingSeenAreZero()
    {
        using var harness = new LayerHarness(Parameter(global: true, eps: 0.25f), [LayerHarness.BlobOf([1, 2], 3, -4)]);
        harness.Forward();
        Assert.Equal([6, -8], harness.Top[0].Data.ToArray());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    public void InPlace_IsTheSame(bool? global) => LayerAssert.InPlaceIsTheSame(
        Parameter(global), () => LayerHarness.RandomBlob(7, [3, 5, 6, 7]));

    [Fact]
    public void InPlace_SurvivesALaterLayerInPlace()
    {
        using var apart = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(8, [3, 4, 5, 5])]);
        using var inPlace = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(8, [3, 4, 5, 5])], inPlace: true);
        foreach (LayerHarness harness in (LayerHarness[])[apart, inPlace])
        {
            harness.Forward();
            using Blob weights = LayerHarness.RandomBlob(9, harness.Top[0].Shape);
            weights.Data.CopyTo(harness.Top[0].MutableDiff);
        }

        inPlace.Top[0].MutableData.Fill(99);
        apart.Backward();
        inPlace.Backward();
        Assert.Equal(apart.Bottom[0].Diff.ToArray(), inPlace.Bottom[0].Diff.ToArray());
    }

    [Theory]
    [InlineData(7, 9, 30, 31)]
    [InlineData(3000, 21, 1, 1)]
    [InlineData(1, 1, 400, 410)]
    public void Threads_DoNotMatter(int n, int c, int h, int w)
    {
        LayerAssert.ThreadsDoNotMatter(Parameter(), () => [LayerHarness.RandomBlob(10, [n, c, h, w])]);
        float[][] statistics =
        [
            .. ((int[])[1, 4]).Select(threads =>
            {
                using var harness = new LayerHarness(
                    Parameter(), [LayerHarness.RandomBlob(10, [n, c, h, w])], threads: threads);
                harness.Forward();
                return (float[])[.. harness.Layer.Blobs[0].Data, .. harness.Layer.Blobs[1].Data];
            }),
        ];
        Assert.Equal(statistics[0], statistics[1]);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData(true, false)]
    public void Passes_AllocateNothing(bool? global, bool inPlace) => SteadyState.AllocatesNothing(
        Parameter(global), [LayerHarness.RandomBlob(11, [4, 9, 31, 31])], inPlace: inPlace);

    [Fact]
    public void Statistics_AreNeverLearned()
    {
        LayerParameter parameter = Parameter();
        parameter.Param.Add(new ParamSpec { LrMult = 0, DecayMult = 3 });
        using var harness = new LayerHarness(parameter, [LayerHarness.RandomBlob(12, [2, 3])]);
        Assert.Equal([0, 0, 0], harness.Layer.Parameter.Param.Select(spec => spec.LrMult));
        Assert.Equal(3, harness.Layer.Parameter.Param[0].DecayMult);

        // A spec without lr_mult means 1.
        parameter.Param.Add(new ParamSpec { Name = "mean" });
        LayerAssert.SetUpFails(
            ErrorCodes.BadLayerParameter, parameter, [LayerHarness.RandomBlob(12, [2, 3])], 1, "param 1", "lr_mult");
    }

    [Fact]
    public void Bottom_MayChangeItsBatchButNotItsChannels()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(13, [2, 3, 4, 4])]);
        harness.Forward();
        using Blob larger = LayerHarness.RandomBlob(14, [5, 3, 6, 6]);
        harness.Bottom[0].CopyDataFrom(larger);
        harness.Forward();
        TestBlobs.AssertNear(Reference(larger, 1e-3).Y, harness.Top[0].Data);

        harness.Bottom[0].Reshape(5, 4, 6, 6);
        Assert.Equal(ErrorCodes.ShapeMismatch, Assert.Throws<CaffeException>(() => harness.Forward()).Code);
    }

    private static (double[] Y, double[] Mean, double[] Variance) Reference(Blob bottom, double eps)
    {
        double[] x = TestBlobs.ToDoubles(bottom.Data), y = new double[x.Length];
        int channels = bottom.Dim(1), inner = bottom.CountFrom(2);
        double[] mean = new double[channels], variance = new double[channels];
        double count = x.Length / channels;
        for (int i = 0; i < x.Length; i++)
            mean[i / inner % channels] += x[i] / count;
        for (int i = 0; i < x.Length; i++)
            variance[i / inner % channels] += Math.Pow(x[i] - mean[i / inner % channels], 2) / count;
        for (int i = 0; i < x.Length; i++)
            y[i] = (x[i] - mean[i / inner % channels]) / Math.Sqrt(variance[i / inner % channels] + eps);
        return (y, mean, variance);
    }
}
