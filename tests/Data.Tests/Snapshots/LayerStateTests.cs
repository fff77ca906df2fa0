using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Snapshots;

namespace CaffeActors.Data.Tests.Snapshots;

public sealed class LayerStateTests
{
    [Fact]
    public void CopyTo_GivesBackShapeAndBits()
    {
        using Blob blob = Sample.Blob(0.3f, 1, 2, 3), other = new(4);
        blob.MutableData[2] = float.NaN;
        LayerState state = LayerState.Of("train/lstm/c", blob);
        blob.MutableData.Clear();
        state.CopyTo(other);
        Assert.Equal([1, 2, 3], other.Shape.ToArray());
        Assert.Equal([0.3f, 0.4f, float.NaN], other.Data[..3].ToArray());
        Assert.Equal([0x9a, 0x99, 0x99, 0x3e], state.Floats[..4]);
    }

    [Theory]
    [InlineData(7, 1, 2)]
    [InlineData(12, 1, 2)]
    [InlineData(8, -1, -2)]
    [InlineData(8, 65536, 65536)]
    [InlineData(0, 2147483647, 2147483647, 4)]
    public void CopyTo_RefusesValuesThatAreNotOfTheShape(int bytes, params int[] shape)
    {
        using var blob = new Blob();
        CaffeException failure = Assert.Throws<CaffeException>(
            () => new LayerState("train/lstm/c", shape, new byte[bytes]).CopyTo(blob));
        Assert.Equal(ErrorCodes.BadSnapshot, failure.Code);
        Assert.Contains("train/lstm/c", failure.Message, StringComparison.Ordinal);
    }
}
