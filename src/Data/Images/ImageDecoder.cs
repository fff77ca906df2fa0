using System.Buffers.Binary;
using SkiaSharp;

namespace CaffeActors.Data.Images;

/// <summary>
/// Decodes image files (JPEG, PNG, WebP, BMP, GIF) to 8-bit planes. An orientation in EXIF data is not applied, as
/// Caffe's OpenCV 2.4 did not.
/// </summary>
public static unsafe class ImageDecoder
{
    // Up to 32 million pixels are taken at their word. Beyond, the file must be of a length that could hold them: the
    // emptiest JPEG has some 170 pixels a byte.
    private const long FreePixels = 1 << 25, PixelsPerByte = 200;

    /// <summary>Decodes an image.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="mode">Which channels are wanted.</param>
    /// <param name="target">Where the image goes.</param>
    /// <param name="error">Why it could not be decoded; empty where it could.</param>
    /// <returns>Whether it could be decoded, whole.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> file, ColorMode mode, PixelBuffer target, out string error)
    {
        if (mode == ColorMode.AsStored && BitDepth(file) > 8)
        {
            error = $"the image has {BitDepth(file)} bits a channel; only 8 can be used "
                + "(transform_param force_color or force_gray makes 8 of them)";
            return false;
        }

        fixed (byte* bytes = file)
        {
            using SKData data = SKData.Create((nint)bytes, file.Length);
            using SKCodec? codec = SKCodec.Create(data);
            if (codec is null)
            {
                error = "the bytes are no image file that can be decoded";
                return false;
            }

            long claimed = (long)codec.Info.Width * codec.Info.Height;
            if (claimed > FreePixels && claimed / PixelsPerByte > file.Length)
            {
                error = $"it claims {codec.Info.Width} x {codec.Info.Height} pixels, more than its {file.Length} bytes "
                    + "can hold: it is damaged or cut short";
                return false;
            }

            var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Bgra8888, SKAlphaType.Unpremul);
            using var bitmap = new SKBitmap();
            if (info.BytesSize64 > int.MaxValue || !bitmap.TryAllocPixels(info))
            {
                error = $"there is no memory for {info.Width} x {info.Height} pixels";
                return false;
            }

            SKCodecResult result = codec.GetPixels(info, bitmap.GetPixels());
            if (result != SKCodecResult.Success)
            {
                error = result == SKCodecResult.IncompleteInput
                    ? "the image file is cut short" : $"the image file is damaged ({result})";
                return false;
            }

            bool gray = codec.Info.ColorType == SKColorType.Gray8, alpha = codec.Info.AlphaType != SKAlphaType.Opaque;
            int channels = mode switch
            {
                ColorMode.Color => 3,
                ColorMode.Gray => 1,
                _ => gray && !alpha ? 1 : alpha ? 4 : 3,
            };
            PlanarPixels pixels = target.Reserve(channels, info.Height, info.Width);
            if (channels > 1 || gray)
                Split((byte*)bitmap.GetPixels(), bitmap.RowBytes, pixels);
            else if (IsPng(file))
                Mix((byte*)bitmap.GetPixels(), bitmap.RowBytes, pixels, 3737, 19234, 9797, half: 0, shift: 15);
            else
                Mix((byte*)bitmap.GetPixels(), bitmap.RowBytes, pixels, 1868, 9617, 4899, half: 1 << 13, shift: 14);
        }

        error = "";
        return true;
    }

    private static void Split(byte* source, int rowBytes, PlanarPixels target)
    {
        for (int c = 0; c < target.Channels; c++)
        {
            byte* plane = target.Data + (c * target.ChannelStride);
            for (int y = 0; y < target.Height; y++)
            {
                byte* pixel = source + ((long)y * rowBytes) + c;
                for (int x = 0; x < target.Width; x++, pixel += 4)
                    *plane++ = *pixel;
            }
        }
    }

    private static void Mix(
        byte* source, int rowBytes, PlanarPixels target, int blue, int green, int red, int half, int shift)
    {
        byte* plane = target.Data;
        for (int y = 0; y < target.Height; y++)
        {
            byte* pixel = source + ((long)y * rowBytes);
            for (int x = 0; x < target.Width; x++, pixel += 4)
                *plane++ = (byte)(((pixel[0] * blue) + (pixel[1] * green) + (pixel[2] * red) + half) >> shift);
        }
    }

    private static bool IsPng(ReadOnlySpan<byte> file) =>
        file.Length > 24 && BinaryPrimitives.ReadUInt64BigEndian(file) == 0x89504E470D0A1A0A;

    // Skia makes 8 bits of any depth without a word; PNG is the one format here that has more.
    private static int BitDepth(ReadOnlySpan<byte> file) => IsPng(file) ? file[24] : 8;
}
