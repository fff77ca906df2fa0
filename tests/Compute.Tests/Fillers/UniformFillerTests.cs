using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Fillers;

public sealed class UniformFillerTests
{
    private static FillerParameter Parameter(float min, float max) => new() { Type = "uniform", Min = min, Max = max };

    [Theory]
    [InlineData(-1f, 3f)]
    [InlineData(0f, 1f)]
    [InlineData(-0.001f, 0.001f)]
    public void Values_AreUniformBetweenTheBounds(float min, float max)
    {
        using Blob blob = FillerRun.Fill(Parameter(min, max), [100, 1001]);
        double width = (double)max - min;
        FillerRun.AssertMoments(blob.Data, (min + (double)max) / 2, width * width / 12);
        Assert.InRange(blob.Data.ToArray().Min(), min, min + (0.001 * width));
        Assert.InRange(blob.Data.ToArray().Max(), max - (0.001 * width), max);
        int[] bins = new int[20];
        foreach (float value in blob.Data)
            bins[Math.Min(19, (int)((value - min) / width * 20))]++;
        Assert.All(bins, count => Assert.InRange(count, 4600, 5410));
    }

    [Fact]
    public void Value_IsThatOfTheWordAtItsPlace()
    {
        using Blob blob = FillerRun.Fill(Parameter(0, 1), [1100]);
        var draw = new RandomDraw(1701, 1, 0);
        for (int i = 0; i < 1100; i++)
            Assert.Equal(draw.Float((uint)i), blob.Data[i]);
    }

    [Fact]
    public void EqualBounds_AreAConstant()
    {
        using Blob blob = FillerRun.Fill(Parameter(0.1f, 0.1f), [1000]);
        Assert.All(blob.Data.ToArray(), value => Assert.Equal(0.1f, value));
    }

    [Fact]
    public void WidestBounds_DoNotOverflow()
    {
        using Blob blob = FillerRun.Fill(Parameter(float.MinValue, float.MaxValue), [1000]);
        Assert.All(blob.Data.ToArray(), value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData(1f, 0f)]
    [InlineData(float.NaN, 0f)]
    public void MinAboveMax_IsRefused(float min, float max) =>
        FillerRun.AssertFails(Parameter(min, max), [3], $"min {min}", $"max {max}");
}
