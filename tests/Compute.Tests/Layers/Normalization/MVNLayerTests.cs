using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Compute.Tests.Layers.Common;
using CaffeActors.Testing;

namespace CaffeActors.Compute.Tests.Layers.Normalization;

public sealed class MVNLayerTests
{
    private static LayerParameter Parameter(bool variance = true, bool across = false, float eps = 1e-9f) => new()
    {
        Type = "MVN",
        MvnParam = new MVNParameter { NormalizeVariance = variance, AcrossChannels = across, Eps = eps },
    };

    public static TheoryData<int[], bool, bool> Cases()
    {
        var cases = new TheoryData<int[], bool, bool>();
        foreach (int[] shape in (int[][])[[3, 2, 4, 5], [2, 3, 1, 3], [2, 19], [3, 2, 40], [1, 1, 30, 31]])
        {
            foreach (bool across in (bool[])[false, true])
            {
                cases.Add(shape, true, across);
                cases.Add(shape, false, across);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_FollowsTheFormula(int[] shape, bool variance, bool across)
    {
        using var harness = new LayerHarness(
            Parameter(variance, across, 0.1f), [LayerHarness.RandomBlob(1, shape, 2, 7)]);
        harness.Forward();
        Assert.Equal(
            [shape[0], shape[1], .. shape[2..], .. Enumerable.Repeat(1, 4 - shape.Length)],
            harness.Top[0].Shape.ToArray());
        TestBlobs.AssertNear(Reference(harness.Bottom[0], variance, across, 0.1), harness.Top[0].Data, 3e-6);
    }

    [Theory]
    [InlineData(new[] { 3, 2, 4, 5 }, true, false)]
    [InlineData(new[] { 3, 2, 4, 5 }, false, false)]
    [InlineData(new[] { 3, 2, 4, 5 }, true, true)]
    [InlineData(new[] { 2, 3, 1, 3 }, false, false)]
    [InlineData(new[] { 2, 19 }, true, true)]
    [InlineData(new[] { 2, 19 }, false, true)]
    public void Backward_AgreesWithDifferences(int[] shape, bool variance, bool across)
    {
        using var harness = new LayerHarness(Parameter(variance, across), [LayerHarness.RandomBlob(2, shape, 1, 5)]);
        new GradientChecker { Threshold = 2e-3f }.Check(harness);
    }

    [Fact]
    public void WithoutParameters_EachPlaneIsNormalized()
    {
        using var harness = new LayerHarness(
            new LayerParameter { Type = "MVN" }, [LayerHarness.RandomBlob(3, [2, 3, 4, 5], 2, 7)]);
        harness.Forward();
        TestBlobs.AssertNear(Reference(harness.Bottom[0], true, false, 1e-9), harness.Top[0].Data, 3e-6);
    }

    [Theory]
    [InlineData(new[] { 3, 21 }, false)]
    [InlineData(new[] { 2, 3, 1, 1 }, false)]
    [InlineData(new[] { 4 }, true)]
    public void GroupsOfOneElement_HaveNoValueAndNoGradient(int[] shape, bool across)
    {
        using var harness = new LayerHarness(
            Parameter(across: across), [LayerHarness.RandomBlob(4, shape, -2, 2)]);
        harness.Forward();
        using Blob dy = LayerHarness.RandomBlob(5, shape, -2, 2);
        dy.Data.CopyTo(harness.Top[0].MutableDiff);
        harness.Backward();
        Assert.All(harness.Top[0].Data.ToArray(), y => Assert.Equal(0, y));
        Assert.All(harness.Bottom[0].Diff.ToArray(), dx => Assert.Equal(0, dx));
    }

    [Fact]
    public void LargeEps_HasCaffesGradient()
    {
        // Caffe takes (deviation + eps) for the deviation also in the gradient.
        using var harness = new LayerHarness(Parameter(eps: 1), [LayerHarness.BlobOf([1, 1, 1, 4], 1, 3, 5, 11)]);
        harness.Forward();
        float[] dy = [1, 0, 2, -1];
        dy.CopyTo(harness.Top[0].MutableDiff);
        harness.Backward();
        double[] y = TestBlobs.ToDoubles(harness.Top[0].Data);
        double mean = dy.Average(), product = dy.Select((value, i) => value * y[i]).Average();
        double deviation = Math.Sqrt(14) + 1;
        TestBlobs.AssertNear(
            [.. dy.Select((value, i) => (value - mean - (product * y[i])) / deviation)], harness.Bottom[0].Diff);
    }

    [Fact]
    public void ConstantPlane_IsZero()
    {
        using var harness = new LayerHarness(Parameter(), [new Blob(1, 2, 3, 3)]);
        harness.Bottom[0].MutableData.Fill(0.1f);
        harness.Forward();
        Assert.All(harness.Top[0].Data.ToArray(), value => Assert.Equal(0, value));
        harness.Top[0].MutableDiff.Fill(1);
        harness.Backward();
        Assert.All(harness.Bottom[0].Diff.ToArray(), value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void InPlace_IsTheSame(bool variance, bool across) => LayerAssert.InPlaceIsTheSame(
        Parameter(variance, across), () => LayerHarness.RandomBlob(4, [2, 3, 4, 5], 1, 5));

    [Fact]
    public void OverwrittenTop_DoesNotMatter()
    {
        float[][] gradients = [.. ((float[])[0, 7]).Select(value =>
        {
            using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(5, [2, 3, 4, 5])]);
            harness.Forward();
            if (value != 0)
                harness.Top[0].MutableData.Fill(value);
            LayerHarness.FillRandom(harness.Top[0].MutableDiff, 6);
            harness.Backward();
            return harness.Bottom[0].Diff.ToArray();
        })];
        Assert.Equal(gradients[0], gradients[1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Threads_DoNotMatter(bool across) => LayerAssert.ThreadsDoNotMatter(
        Parameter(across: across), () => [LayerHarness.RandomBlob(7, [5, 7, 40, 41])]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Passes_AllocateNothing(bool inPlace) => SteadyState.AllocatesNothing(
        Parameter(), [LayerHarness.RandomBlob(8, [4, 9, 31, 31])], inPlace: inPlace);

    [Fact]
    public void Bottom_MayChangeItsShape()
    {
        using var harness = new LayerHarness(Parameter(), [LayerHarness.RandomBlob(9, [1, 2, 3, 3])]);
        harness.Forward();
        using Blob larger = LayerHarness.RandomBlob(10, [3, 4, 5, 6]);
        harness.Bottom[0].CopyDataFrom(larger);
        harness.Forward();
        TestBlobs.AssertNear(Reference(larger, true, false, 1e-9), harness.Top[0].Data, 3e-6);
    }

    [Fact]
    public void FiveAxes_AreRefused() => LayerAssert.SetUpFails(
        ErrorCodes.ShapeMismatch, Parameter(), [new Blob(1, 2, 3, 4, 5)], 1, "4 axes", "1 2 3 4 5 (120)");

    private static double[] Reference(Blob bottom, bool variance, bool across, double eps)
    {
        double[] x = TestBlobs.ToDoubles(bottom.Data), y = new double[x.Length];
        int length = bottom.CountFrom(across ? 1 : 2);
        for (int from = 0; from < x.Length; from += length)
        {
            double[] group = x[from..(from + length)];
            double mean = group.Average();
            double deviation = Math.Sqrt(group.Select(value => (value - mean) * (value - mean)).Average());
            for (int i = 0; i < length; i++)
                y[from + i] = (group[i] - mean) / (variance ? deviation + eps : 1);
        }

        return y;
    }
}
