using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Fillers;

public sealed class BilinearFillerTests
{
    private static readonly FillerParameter _parameter = new() { Type = "bilinear" };

    [Theory]
    [InlineData(1, new[] { 1f })]
    [InlineData(2, new[] { 0.5f, 0.5f })]
    [InlineData(3, new[] { 0.5f, 1f, 0.5f })]
    [InlineData(4, new[] { 0.25f, 0.75f, 0.75f, 0.25f })]
    public void EachPlane_IsTheProductOfTwoTents(int kernel, float[] tent)
    {
        using Blob blob = FillerRun.Fill(_parameter, [3, 2, kernel, kernel]);
        for (int i = 0; i < blob.Count; i++)
            Assert.Equal(tent[i % kernel] * tent[i / kernel % kernel], blob.Data[i], 1e-6f);
    }

    [Theory]
    [InlineData(new[] { 3, 2, 4, 3 })]
    [InlineData(new[] { 3, 4, 4 })]
    [InlineData(new[] { 1, 3, 2, 4, 4 })]
    public void OtherShapes_AreRefused(int[] shape) =>
        FillerRun.AssertFails(_parameter, shape, "square", string.Join(' ', shape));
}
