using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Normalization;

public sealed class BatchNormLayerTests
{
    private static LayerParameter Parameter(bool? global = null, float fraction = 0.9f)
    {
        var batchNorm = new BatchNormParameter { MovingAverageFraction = fraction, Eps = 1e-3f };
        if (global is { } useGlobal)
            batchNorm.UseGlobalStats = useGlobal;
        return new LayerParameter { Type = "BatchNorm", BatchNormParam = batchNorm };
    }

    [Fact]
    public void Training_NormalizesByTheBatchAndKeepsAverages()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(1, [4, 3, 5, 2], -1, 3)]);
        double[] mean = new double[3], variance = new double[3];
        int m = 40;
        for (int c = 0; c < 3; c++)
        {
            double[] values = [.. Enumerable.Range(0, 4).SelectMany(n => Enumerable.Range(0, 10)
                .Select(p => (double)harness.Bottom[0].Data[(((n * 3) + c) * 10) + p]))];
            mean[c] = values.Average();
            variance[c] = values.Average(value => (value - mean[c]) * (value - mean[c]));
        }

        harness.Forward();
        harness.Forward();
        for (int i = 0; i < harness.Top[0].Count; i++)
        {
            int c = i / 10 % 3;
            double expected = (harness.Bottom[0].Data[i] - mean[c]) / Math.Sqrt(variance[c] + 1e-3);
            Assert.Equal(expected, harness.Top[0].Data[i], 1e-4);
        }

        // b2 = 0.9 * 1 + 1, b0 and b1 likewise; the variance is stored unbiased.
        Assert.Equal(1.9f, harness.Layer.Blobs[2].Data[0], 1e-5f);
        Assert.Equal(1.9 * mean[1], harness.Layer.Blobs[0].Data[1], 1e-4);
        Assert.Equal(1.9 * variance[1] * m / (m - 1), harness.Layer.Blobs[1].Data[1], 1e-4);
    }

    [Fact]
    public void GlobalStatistics_AreTheStoredOnesOverTheFactor()
    {
        using var harness = new LayerHarness(Parameter(global: true), [LayerHarness.RandomBlob(2, [2, 2, 3])]);
        float[][] stored = [[2, 4], [8, 2], [2]];
        for (int b = 0; b < 3; b++)
            stored[b].CopyTo(harness.Layer.Blobs[b].MutableData);
        harness.Forward();
        for (int i = 0; i < 12; i++)
        {
            int c = i / 3 % 2;
            double expected = (harness.Bottom[0].Data[i] - (stored[0][c] / 2)) / Math.Sqrt((stored[1][c] / 2) + 1e-3);
            Assert.Equal(expected, harness.Top[0].Data[i], 1e-5);
        }

        Assert.Equal(stored[0], harness.Layer.Blobs[0].Data.ToArray());
        for (int i = 0; i < 12; i++)
            harness.Top[0].MutableDiff[i] = i;
        harness.Backward();
        for (int i = 0; i < 12; i++)
            Assert.Equal(i / Math.Sqrt((stored[1][i / 3 % 2] / 2) + 1e-3), harness.Bottom[0].Diff[i], 1e-4);
    }

    [Fact]
    public void Phase_DecidesWhereNothingIsSaid()
    {
        LayerParameter test = Parameter();
        test.Phase = Phase.Test;
        using var harness = new LayerHarness(test, [LayerHarness.RandomBlob(2, [2, 2, 3])]);
        harness.Forward();
        Assert.Equal(harness.Bottom[0].Data[0] / MathF.Sqrt(1e-3f), harness.Top[0].Data[0], 1e-3f);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Backward_AgreesWithDifferences(bool inPlace)
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(3, [3, 2, 4])], inPlace: false);
        BackwardOf(harness, out float[] expected);
        if (inPlace)
        {
            using var same = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(3, [3, 2, 4])], inPlace: true);
            BackwardOf(same, out float[] actual);
            Assert.Equal(expected, actual);
        }

        for (int i = 0; i < expected.Length; i++)
        {
            float value = harness.Bottom[0].Data[i];
            harness.Bottom[0].MutableData[i] = value + 0.01f;
            double plus = Objective(harness);
            harness.Bottom[0].MutableData[i] = value - 0.01f;
            double minus = Objective(harness);
            harness.Bottom[0].MutableData[i] = value;
            Assert.Equal((plus - minus) / 0.02, expected[i], 2e-3);
        }
    }

    [Fact]
    public void Threads_DoNotMatter() =>
        LayerAssert.ThreadsDoNotMatter(Parameter(), () => [LayerHarness.RandomBlob(5, [16, 8, 33, 5])]);

    [Fact]
    public void Statistics_AreNotLearned()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(6, [2, 3])]);
        Assert.Equal([0f, 0f, 0f], harness.Layer.Parameter.Param.Select(spec => spec.LrMult));
        LayerParameter learned = Parameter();
        learned.Param.Add(new ParamSpec { LrMult = 1 });
        LayerAssert.SetUpFails(ErrorCodes.BadLayerParameter, learned, [new Blob([2, 3])], 1);
    }

    private static double Objective(LayerHarness harness)
    {
        harness.Forward();
        double sum = 0;
        for (int i = 0; i < harness.Top[0].Count; i++)
            sum += harness.Top[0].Data[i] * Weight(i);
        return sum;
    }

    private static void BackwardOf(LayerHarness harness, out float[] gradient)
    {
        harness.Forward();
        for (int i = 0; i < harness.Top[0].Count; i++)
            harness.Top[0].MutableDiff[i] = Weight(i);
        harness.Backward();
        gradient = harness.Bottom[0].Diff.ToArray();
    }

    private static float Weight(int i) => MathF.Sin(i * 1.7f);
}
