using SkiaSharp;

namespace CaffeActors.Data.Tests;

/// <summary>Image files made for tests.</summary>
internal static class Pictures
{
    /// <summary>Writes a PNG.</summary>
    /// <param name="path">Where.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="color">Blue, green and red of a column and row.</param>
    public static void Write(
        string path, int height, int width, Func<int, int, (byte Blue, byte Green, byte Red)> color) =>
        File.WriteAllBytes(path, Encode(height, width, SKEncodedImageFormat.Png, color));

    /// <summary>An image file.</summary>
    public static byte[] Encode(
        int height, int width, SKEncodedImageFormat format,
        Func<int, int, (byte Blue, byte Green, byte Red)> color)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Bgra8888, SKAlphaType.Opaque));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (byte blue, byte green, byte red) = color(x, y);
                bitmap.SetPixel(x, y, new SKColor(red, green, blue));
            }
        }

        using SKData data = bitmap.Encode(format, 95);
        return data.ToArray();
    }
}
