using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.FillerParameter.Types;

namespace CaffeActors.Compute.Tests.Fillers;

public sealed class XavierFillerTests
{
    private static FillerParameter Parameter(VarianceNorm norm) => new() { Type = "xavier", VarianceNorm = norm };

    [Theory]
    [InlineData(VarianceNorm.FanIn, 450)]
    [InlineData(VarianceNorm.FanOut, 600)]
    [InlineData(VarianceNorm.Average, 525)]
    public void Values_AreUniformWithTheVarianceOfTheFan(VarianceNorm norm, double fan)
    {
        using Blob blob = FillerRun.Fill(Parameter(norm), [40, 30, 5, 3]);
        FillerRun.AssertMoments(blob.Data, 0, 1 / fan);
        double bound = Math.Sqrt(3 / fan);
        Assert.InRange(blob.Data.ToArray().Max(), 0.999 * bound, 1.0001 * bound);
        Assert.InRange(blob.Data.ToArray().Min(), -1.0001 * bound, -0.999 * bound);
    }

    [Fact]
    public void FanOut_OfOneAxis_IsTheCount()
    {
        using Blob blob = FillerRun.Fill(Parameter(VarianceNorm.FanOut), [30000]);
        FillerRun.AssertMoments(blob.Data, 0, 1 / 30000.0);
    }
}
