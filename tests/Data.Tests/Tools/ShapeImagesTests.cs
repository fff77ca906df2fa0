using CaffeActors.Compute.Schema;
using CaffeActors.Data.Tools;

namespace CaffeActors.Data.Tests.Tools;

public sealed class ShapeImagesTests
{
    [Fact]
    public void Images_FollowFromSeedAndNumber()
    {
        Assert.Equal(new ShapeImages(1).Make(9), new ShapeImages(1).Make(9));
        Assert.NotEqual(new ShapeImages(1).Make(9).Data, new ShapeImages(2).Make(9).Data);
        Assert.NotEqual(new ShapeImages(1).Make(9).Data, new ShapeImages(1).Make(13).Data);
    }

    [Fact]
    public void Images_ShowTheClassesInTurn()
    {
        var images = new ShapeImages(1);
        for (int i = 0; i < 200; i++)
        {
            Datum image = images.Make(i);
            Assert.Equal((1, ShapeImages.Side, ShapeImages.Side), (image.Channels, image.Height, image.Width));
            Assert.Equal(i % ShapeImages.Classes.Count, image.Label);
            Assert.Equal(ShapeImages.Side * ShapeImages.Side, image.Data.Length);
            // The shape lies within: the frame is ground, darker than the brightest of what is drawn.
            Assert.True(Frame(image) + 40 < image.Data.Max(value => value), $"image {i}");
        }
    }

    private static double Frame(Datum image) => Enumerable.Range(0, image.Data.Length)
        .Where(i => i / ShapeImages.Side == 0 || i % ShapeImages.Side == 0).Average(i => image.Data[i]);
}
