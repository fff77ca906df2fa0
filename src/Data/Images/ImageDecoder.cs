using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SkiaSharp;

namespace CaffeActors.Data.Images;

/// <summary>
/// Decodes image files (JPEG, PNG, WebP, BMP, GIF) to 8-bit planes. An orientation in EXIF data is not applied, as
/// Caffe's OpenCV 2.4 did not.
/// </summary>
public static unsafe class ImageDecoder
{
    // Up to 24 million pixels are taken at their word. Beyond, the file must be of a length that could hold them: the
    // emptiest JPEG has some 170 pixels a byte.
    private const long AlwaysPlausible = 24L << 20;
    private const long PixelsOfAByte = 200;

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

            var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Bgra8888, SKAlphaType.Unpremul);
            if (!IsPlausible(info.Width, info.Height, file.Length))
            {
                error = $"it says it has {info.Width} x {info.Height} pixels, more than its {file.Length} bytes can "
                    + "hold";
                return false;
            }

            byte* decoded = target.ReserveScratch((int)info.BytesSize64);
            SKCodecResult result = codec.GetPixels(info, (nint)decoded);
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
                Split(decoded, info.RowBytes, pixels);
            else if (IsPng(file))
                Mix(decoded, info.RowBytes, pixels, 3737, 19234, 9797, half: 0, shift: 15);
            else
                Mix(decoded, info.RowBytes, pixels, 1868, 9617, 4899, half: 1 << 13, shift: 14);
        }

        GC.KeepAlive(target);
        error = "";
        return true;
    }

    private static void Split(byte* source, int rowBytes, PlanarPixels target)
    {
        for (int y = 0; y < target.Height; y++)
        {
            for (int c = 0; c < target.Channels; c++)
            {
                SplitRow((uint*)(source + ((long)y * rowBytes)), 8 * c,
                    target.Data + (c * target.ChannelStride) + ((long)y * target.Width), target.Width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SplitRow(uint* source, int shift, byte* target, int count)
    {
        int x = 0;
        for (; x + 32 <= count; x += 32)
        {
            uint* s = source + x;
            Vector256<ushort> low = Vector256.Narrow(Channel(s, shift), Channel(s + 8, shift));
            Vector256<ushort> high = Vector256.Narrow(Channel(s + 16, shift), Channel(s + 24, shift));
            Vector256.Narrow(low, high).Store(target + x);
        }

        for (; x < count; x++)
            target[x] = (byte)(source[x] >> shift);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Channel(uint* pixels, int shift) =>
        (Vector256.Load(pixels) >>> shift) & Vector256.Create(0xFFu);

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

    // A size is not believed because it is written.
    private static bool IsPlausible(int width, int height, int bytes)
    {
        long pixels = (long)width * height;
        return pixels <= AlwaysPlausible || (pixels <= PixelsOfAByte * bytes && 4 * pixels <= int.MaxValue);
    }

    private static bool IsPng(ReadOnlySpan<byte> file) =>
        file.Length > 24 && BinaryPrimitives.ReadUInt64BigEndian(file) == 0x89504E470D0A1A0A;

    // Skia makes 8 bits of any depth without a word; PNG is the one format here that has more.
    private static int BitDepth(ReadOnlySpan<byte> file) => IsPng(file) ? file[24] : 8;
}
