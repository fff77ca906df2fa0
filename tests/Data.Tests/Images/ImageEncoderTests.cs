using CaffeActors.Data.Images;

namespace CaffeActors.Data.Tests.Images;

public sealed unsafe class ImageEncoderTests
{
    [Theory]
    [InlineData("png", 3, 0)]
    [InlineData("PNG", 1, 0)]
    [InlineData("jpg", 3, 6)]
    [InlineData("jpeg", 1, 3)]
    public void TryEncode_GivesAFileOfTheSamePixels(string type, int channels, int tolerance)
    {
        var pixels = new PixelBuffer();
        PlanarPixels image = pixels.Reserve(channels, 24, 19);
        for (int c = 0; c < channels; c++)
        {
            for (int i = 0; i < 24 * 19; i++)
                image.Data[(c * 24 * 19) + i] = (byte)(60 + (c * 40) + (i / 19 * 3) + (i % 19));
        }

        Assert.True(ImageEncoder.TryEncode(image, type, out byte[] file));
        var decoded = new PixelBuffer();
        Assert.True(ImageDecoder.TryDecode(file, ColorMode.AsStored, decoded, out string error), error);
        PlanarPixels found = decoded.Pixels;
        Assert.Equal((channels, 24, 19), (found.Channels, found.Height, found.Width));
        for (int i = 0; i < channels * 24 * 19; i++)
            Assert.InRange(found.Data[i] - image.Data[i], -tolerance, tolerance);
        GC.KeepAlive(pixels);
        GC.KeepAlive(decoded);
    }

    [Fact]
    public void TryEncode_OfWhatItDoesNotKnow_IsFalse()
    {
        var pixels = new PixelBuffer();
        Assert.False(ImageEncoder.TryEncode(pixels.Reserve(3, 2, 2), "tiff", out byte[] file));
        Assert.Empty(file);
        Assert.False(ImageEncoder.TryEncode(pixels.Reserve(2, 2, 2), "png", out _));
        Assert.False(ImageEncoder.Knows("") || ImageEncoder.Knows("tif"));
        Assert.True(ImageEncoder.IsSame("JPG", "jpeg") && !ImageEncoder.IsSame("png", "jpg"));
    }
}
