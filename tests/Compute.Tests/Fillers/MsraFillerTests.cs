using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;
using static CaffeActors.Compute.Schema.FillerParameter.Types;

namespace CaffeActors.Compute.Tests.Fillers;

public sealed class MsraFillerTests
{
    [Theory]
    [InlineData(VarianceNorm.FanIn, 450)]
    [InlineData(VarianceNorm.FanOut, 600)]
    [InlineData(VarianceNorm.Average, 525)]
    public void Values_AreNormalWithTwiceTheVarianceOfTheFan(VarianceNorm norm, double fan)
    {
        using Blob blob = FillerRun.Fill(new FillerParameter { Type = "msra", VarianceNorm = norm }, [40, 30, 5, 3]);
        FillerRun.AssertMoments(blob.Data, 0, 2 / fan);
        Assert.True(blob.Data.ToArray().Max() > 3 * Math.Sqrt(2 / fan));
    }
}
