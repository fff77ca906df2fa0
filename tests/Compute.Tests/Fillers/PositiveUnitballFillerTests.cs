using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Fillers;

public sealed class PositiveUnitballFillerTests
{
    [Theory]
    [InlineData(7, 100)]
    [InlineData(50, 33)]
    [InlineData(3, 1)]
    public void Rows_ArePositiveAndSumToOne(int rows, int length)
    {
        using Blob blob = FillerRun.Fill(new FillerParameter { Type = "positive_unitball" }, [rows, length]);
        Assert.All(blob.Data.ToArray(), value => Assert.InRange(value, 0, 1));
        for (int row = 0; row < rows; row++)
            Assert.Equal(1, blob.Data.Slice(row * length, length).ToArray().Sum(value => (double)value), 1e-6);
    }
}
