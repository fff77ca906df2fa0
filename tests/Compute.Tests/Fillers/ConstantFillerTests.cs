using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Fillers;

public sealed class ConstantFillerTests
{
    [Theory]
    [InlineData(0f)]
    [InlineData(0.25f)]
    public void EveryElement_IsTheValue(float value)
    {
        using Blob blob = FillerRun.Fill(new FillerParameter { Value = value }, [3, 5]);
        Assert.All(blob.Data.ToArray(), element => Assert.Equal(value, element));
    }
}
