using System.Buffers.Binary;
using CaffeActors.Data.Images;
using SkiaSharp;

namespace CaffeActors.Data.Tests.Images;

public sealed unsafe class ImageDecoderTests
{
    private readonly PixelBuffer _buffer = new();

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    public void Color_IsPlanesOfBlueGreenRed(SKEncodedImageFormat format)
    {
        SKColor[] colors = [SKColors.Blue, SKColors.Lime, SKColors.Red];
        byte[] file = Encode(3, 2, format, (x, _) => colors[x]);
        Assert.True(ImageDecoder.TryDecode(file, ColorMode.AsStored, _buffer, out string error), error);
        PlanarPixels pixels = _buffer.Pixels;
        Assert.Equal((3, 2, 3), (pixels.Channels, pixels.Height, pixels.Width));
        if (format == SKEncodedImageFormat.Png)
            Assert.Equal([255, 0, 0, 255, 0, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 0, 0, 255], Values(pixels));
    }

    [Fact]
    public void Transparency_IsTheFourthChannel_UnlessColourIsForced()
    {
        byte[] file = Encode(
            2, 1, SKEncodedImageFormat.Png, (x, _) => new SKColor(10, 20, 30, (byte)(x == 0 ? 128 : 255)));
        Assert.True(ImageDecoder.TryDecode(file, ColorMode.AsStored, _buffer, out _));
        Assert.Equal([30, 30, 20, 20, 10, 10, 128, 255], Values(_buffer.Pixels));
        Assert.True(ImageDecoder.TryDecode(file, ColorMode.Color, _buffer, out _));
        Assert.Equal([30, 30, 20, 20, 10, 10], Values(_buffer.Pixels));
        Assert.True(ImageDecoder.TryDecode(file, ColorMode.Gray, _buffer, out _));
        // (30 * 3737 + 20 * 19234 + 10 * 9797) >> 15 = 18.15
        Assert.Equal([18, 18], Values(_buffer.Pixels));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    public void Gray_HasOneChannel_OrThreeEqualOnes(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(8, 8, SKColorType.Gray8, SKAlphaType.Opaque));
        new Span<byte>((void*)bitmap.GetPixels(), 64).Fill(77);
        using SKData data = bitmap.Encode(format, 100);
        Assert.True(ImageDecoder.TryDecode(data.AsSpan(), ColorMode.AsStored, _buffer, out _));
        Assert.Equal(Enumerable.Repeat((byte)77, 64), Values(_buffer.Pixels));
        Assert.True(ImageDecoder.TryDecode(data.AsSpan(), ColorMode.Color, _buffer, out _));
        Assert.Equal(Enumerable.Repeat((byte)77, 192), Values(_buffer.Pixels));
    }

    [Fact]
    public void ASizeThatTheBytesCannotHold_IsNotBelieved()
    {
        byte[] file = Encode(8, 8, SKEncodedImageFormat.Jpeg, (x, _) => new SKColor((byte)(x * 30), 0, 0));
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        for (int i = frame + 5; i < frame + 9; i++)
            file[i] = 0xFE;
        Assert.False(ImageDecoder.TryDecode(file, ColorMode.Color, _buffer, out string error));
        Assert.Contains("65278 x 65278 pixels", error, StringComparison.Ordinal);
    }

    [Fact]
    public void SixteenBits_AreRefused_UnlessAColorModeIsForced()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(4, 4, SKColorType.RgbaF16, SKAlphaType.Opaque));
        bitmap.Erase(SKColors.Gray);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        Assert.Equal(16, data.AsSpan()[24]);
        Assert.False(ImageDecoder.TryDecode(data.AsSpan(), ColorMode.AsStored, _buffer, out string error));
        Assert.Contains("16 bits", error, StringComparison.Ordinal);
        Assert.True(ImageDecoder.TryDecode(data.AsSpan(), ColorMode.Color, _buffer, out _));
    }

    [Fact]
    public void CutOrDamagedFiles_AreRefused()
    {
        foreach (byte[] file in (byte[][])[File.ReadAllBytes(Fixture.PathOf("images", "img03.png")),
            Encode(64, 64, SKEncodedImageFormat.Jpeg, (x, y) => new SKColor((byte)(x * y), (byte)x, (byte)y))])
        {
            Assert.True(ImageDecoder.TryDecode(file, ColorMode.AsStored, _buffer, out _));
            for (int length = 0; length < file.Length - 100; length += 53)
            {
                byte[] cut = file[..length];
                Assert.False(ImageDecoder.TryDecode(cut, ColorMode.AsStored, _buffer, out string error), $"{length}");
                Assert.NotEqual("", error);
            }
        }
    }

    [Theory]
    [InlineData(20_000, 20_000)]
    [InlineData(60_000, 10_000)]
    public void Sizes_AreNotBelieved_BecauseTheyAreWritten(int width, int height)
    {
        byte[] file = Encode(2, 2, SKEncodedImageFormat.Png, (_, _) => SKColors.Red);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(29), Crc(file.AsSpan(12, 17)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(ImageDecoder.TryDecode(file, ColorMode.Color, _buffer, out string error));
        Assert.Contains($"{width} x {height} pixels", error, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);

        static uint Crc(ReadOnlySpan<byte> bytes)
        {
            uint crc = uint.MaxValue;
            foreach (byte value in bytes)
            {
                crc ^= value;
                for (int bit = 0; bit < 8; bit++)
                    crc = (crc >> 1) ^ (0xEDB88320 * (crc & 1));
            }

            return ~crc;
        }
    }

    private static byte[] Values(PlanarPixels pixels) =>
        new ReadOnlySpan<byte>(pixels.Data, (int)(pixels.Channels * pixels.ChannelStride)).ToArray();

    private static byte[] Encode(int width, int height, SKEncodedImageFormat format, Func<int, int, SKColor> color)
    {
        bool opaque = color(0, 0).Alpha == 255;
        using var bitmap = new SKBitmap(
            new SKImageInfo(width, height, SKColorType.Bgra8888, opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                bitmap.SetPixel(x, y, color(x, y));
        }

        using SKData data = bitmap.Encode(format, 100);
        return data.ToArray();
    }
}
