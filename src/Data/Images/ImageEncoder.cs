using SkiaSharp;

namespace CaffeActors.Data.Images;

/// <summary>Encodes 8-bit images: PNG, JPEG with quality 95 as OpenCV does where nothing is said, WebP.</summary>
public static unsafe class ImageEncoder
{
    private const int Quality = 95;

    /// <summary>Whether images of a type can be written.</summary>
    /// <param name="type">png, jpg, jpeg or webp, in any case.</param>
    public static bool Knows(string type) => FormatOf(type) is not null;

    /// <summary>Whether two types, or extensions of files, are one: in any case, jpg as jpeg.</summary>
    public static bool IsSame(string type, string other)
    {
        return string.Equals(Plain(type), Plain(other), StringComparison.OrdinalIgnoreCase);

        static string Plain(string name) => name.Equals("jpeg", StringComparison.OrdinalIgnoreCase) ? "jpg" : name;
    }

    /// <summary>Encodes an image.</summary>
    /// <param name="image">One channel (gray) or three (blue, green, red).</param>
    /// <param name="type">The type.</param>
    /// <param name="file">The file's bytes; empty where it could not be made.</param>
    /// <returns>False where the type is not known, or the image too large for it.</returns>
    public static bool TryEncode(PlanarPixels image, string type, out byte[] file)
    {
        file = [];
        if (FormatOf(type) is not { } format || image.Channels is not (1 or 3))
            return false;
        SKColorType color = image.Channels == 1 ? SKColorType.Gray8 : SKColorType.Bgra8888;
        using var bitmap = new SKBitmap();
        if (!bitmap.TryAllocPixels(new SKImageInfo(image.Width, image.Height, color, SKAlphaType.Opaque)))
            return false;
        byte* target = (byte*)bitmap.GetPixels();
        for (int y = 0; y < image.Height; y++)
        {
            byte* row = target + ((long)y * bitmap.RowBytes), source = image.Data + ((long)y * image.Width);
            if (image.Channels == 1)
                new ReadOnlySpan<byte>(source, image.Width).CopyTo(new Span<byte>(row, image.Width));
            else
                Interleave(source, image.ChannelStride, row, image.Width);
        }

        using SKData? data = bitmap.Encode(format, Quality);
        file = data?.ToArray() ?? [];
        return file.Length > 0;
    }

    private static void Interleave(byte* blue, long stride, byte* target, int count)
    {
        byte* green = blue + stride, red = green + stride;
        for (int x = 0; x < count; x++, target += 4)
            (target[0], target[1], target[2], target[3]) = (blue[x], green[x], red[x], byte.MaxValue);
    }

    private static SKEncodedImageFormat? FormatOf(string type) => type.ToLowerInvariant() switch
    {
        "png" => SKEncodedImageFormat.Png,
        "jpg" or "jpeg" => SKEncodedImageFormat.Jpeg,
        "webp" => SKEncodedImageFormat.Webp,
        _ => null,
    };
}
