using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Fillers;

public sealed class GaussianFillerTests
{
    private static FillerParameter Parameter(float mean = 0, float std = 1, int sparse = -1) =>
        new() { Type = "gaussian", Mean = mean, Std = std, Sparse = sparse };

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(0f, 0.01f)]
    [InlineData(-3f, 2f)]
    public void Values_HaveMeanAndDeviation(float mean, float std)
    {
        using Blob blob = FillerRun.Fill(Parameter(mean, std), [100, 2003]);
        FillerRun.AssertMoments(blob.Data, mean, (double)std * std);
    }

    [Fact]
    public void Values_FollowTheNormalDistribution()
    {
        using Blob blob = FillerRun.Fill(Parameter(), [400000]);
        float[] values = blob.Data.ToArray();
        // Shares beyond 0, 1, 2, 3 and 4 standard deviations.
        foreach ((double limit, double share) in
            ((double, double)[])[(0, 0.5), (1, 0.158655), (2, 0.0227501), (3, 0.00134990), (4, 3.16712e-5)])
        {
            double error = 5 * Math.Sqrt(share / values.Length);
            Assert.InRange(values.Count(value => value > limit) / 400000.0, share - error, share + error);
            Assert.InRange(values.Count(value => value < -limit) / 400000.0, share - error, share + error);
        }

        // The two values of a pair come from one radius: they must not be correlated, nor their squares.
        double product = 0, squares = 0;
        for (int i = 0; i < values.Length; i += 2)
        {
            product += values[i] * values[i + 1];
            squares += ((values[i] * values[i]) - 1) * ((values[i + 1] * values[i + 1]) - 1);
        }

        Assert.InRange(product / 200000, -0.012, 0.012);
        Assert.InRange(squares / 200000, -0.03, 0.03);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(20, 0.2)]
    [InlineData(100, 1)]
    public void Sparse_KeepsAShareOfThem(int sparse, double share)
    {
        using Blob dense = FillerRun.Fill(Parameter(1, 2), [100, 1000]);
        using Blob blob = FillerRun.Fill(Parameter(1, 2, sparse), [100, 1000]);
        int kept = 0;
        for (int i = 0; i < blob.Count; i++)
        {
            kept += blob.Data[i] != 0 ? 1 : 0;
            Assert.True(blob.Data[i] == 0 || blob.Data[i] == dense.Data[i]);
        }

        double error = 5 * Math.Sqrt(share * (1 - share) / blob.Count);
        Assert.InRange((double)kept / blob.Count, share - error, share + error);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    public void Deviation_MustBePositive(float std) => FillerRun.AssertFails(Parameter(0, std), [3], $"std {std}");

    [Theory]
    [InlineData(-2)]
    [InlineData(4)]
    public void Sparse_MustFitTheShape(int sparse) =>
        FillerRun.AssertFails(Parameter(sparse: sparse), [3, 7], $"sparse {sparse}", "0 to 3", "3 7 (21)");
}
