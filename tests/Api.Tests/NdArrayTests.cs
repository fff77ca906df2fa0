using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Api.Tests;

public sealed class NdArrayTests
{
    private static NdArray Numbers(params int[] shape) => new(
        [.. Enumerable.Range(0, Blob.CountOf(shape)).Select(i => (float)i)], shape);

    [Fact]
    public void Transpose_MovesAxes()
    {
        NdArray array = Numbers(2, 3, 4), turned = array.Transpose(2, 0, 1);
        Assert.Equal([4, 2, 3], turned.Shape.ToArray());
        for (int a = 0; a < 2; a++)
        {
            for (int b = 0; b < 3; b++)
            {
                for (int c = 0; c < 4; c++)
                    Assert.Equal(array[a, b, c], turned[c, a, b]);
            }
        }

        Assert.Equal(array.Values, turned.Transpose(1, 2, 0).Values);
    }

    [Fact]
    public void Transpose_RefusesWhatIsNoOrder()
    {
        Assert.Throws<CaffeException>(() => Numbers(2, 3).Transpose(0, 0));
        Assert.Throws<CaffeException>(() => Numbers(2, 3).Transpose(0));
    }

    [Fact]
    public void Items_AreStackedAndTaken()
    {
        NdArray stacked = NdArray.Stack([Numbers(2, 2), Numbers(2, 2).Map(value => value + 10)]);
        Assert.Equal([2, 2, 2], stacked.Shape.ToArray());
        Assert.Equal([10, 11, 12, 13], stacked.Row(1).Values);
        Assert.Throws<CaffeException>(() => NdArray.Stack([Numbers(2), Numbers(3)]));
        Assert.Throws<CaffeException>(() => NdArray.Stack([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => stacked.Row(2));
    }

    [Fact]
    public void Values_FitTheShape()
    {
        Assert.Throws<CaffeException>(() => new NdArray([1, 2, 3], 2, 2));
        Assert.Equal(1, new NdArray([5]).Count);
        Assert.Equal([3, 2], Numbers(2, 3).Reshape(3, 2).Shape.ToArray());
    }

    [Fact]
    public void Blobs_AreCopied()
    {
        using var blob = new Blob(2, 2);
        Numbers(2, 2).CopyTo(blob);
        Numbers(2, 2).Map(value => -value).CopyToDiff(blob);
        Assert.Equal([0, 1, 2, 3], NdArray.DataOf(blob).Values);
        Assert.Equal([0, -1, -2, -3], NdArray.DiffOf(blob).Values);
        Assert.Throws<CaffeException>(() => Numbers(5).CopyTo(blob));
    }
}
