using CaffeActors.Api.Exams;
using CaffeActors.Compute.Blobs;
using SkiaSharp;

namespace CaffeActors.Api.Tests.Exams;

public sealed class FloatImageTests
{
    [Fact]
    public void Gray_GoesFromTheLeastToTheGreatestValue()
    {
        using SKBitmap image = SKBitmap.Decode(FloatImage.Of([-1, 0, 1, float.NaN], 1, 2, 2));
        Assert.Equal((2, 2), (image.Width, image.Height));
        Assert.Equal([0, 128, 255, 0], Pixels(image).Select(pixel => (int)pixel.Red));
    }

    [Fact]
    public void Colour_IsBlueGreenRed()
    {
        using SKBitmap image = SKBitmap.Decode(FloatImage.Of([2, 0, 0, 2, 0, 1], 3, 1, 2));
        Assert.Equal([new SKColor(0, 0, 255), new SKColor(128, 255, 0)], Pixels(image));
    }

    [Fact]
    public void EqualValues_AreBlack()
    {
        using SKBitmap image = SKBitmap.Decode(FloatImage.Of([5, 5], 1, 1, 2));
        Assert.All(Pixels(image), pixel => Assert.Equal(SKColors.Black, pixel));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Filters_StandBesideEachOther(int channels)
    {
        using var weights = new Blob(5, channels, 4, 4);
        for (int i = 0; i < weights.Count; i++)
            weights.MutableData[i] = i / (channels * 16);
        using SKBitmap image = SKBitmap.Decode(FloatImage.OfFilters(weights, side: 8));
        // Five in rows of three, two pixels a weight, one between filters.
        Assert.Equal((26, 17), (image.Width, image.Height));
        Assert.Equal((0, 64, 191), (image.GetPixel(7, 7).Green, image.GetPixel(9, 0).Green, image.GetPixel(0, 9).Green));
        Assert.Equal(0, image.GetPixel(8, 0).Green);
    }

    [Fact]
    public void WeightsOfAnotherForm_GiveNoImage()
    {
        using var weights = new Blob(5, 4);
        Assert.Empty(FloatImage.OfFilters(weights));
    }

    private static SKColor[] Pixels(SKBitmap image) => image.Pixels;
}
