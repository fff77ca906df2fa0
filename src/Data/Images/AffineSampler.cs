using System.Runtime.CompilerServices;

namespace CaffeActors.Data.Images;

/// <summary>
/// Turns and enlarges 8-bit images about their centre, bilinear, in fixed-point arithmetic: positions are rounded to
/// 1/2048 of a pixel, values to the nearest. Turns by 90 and 180 degrees thus move a square's pixels as they are.
/// </summary>
internal sealed unsafe class AffineSampler
{
    private const int Bits = 11;
    private const int One = 1 << Bits;

    /// <summary>Samples an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="angle">Degrees, counter-clockwise.</param>
    /// <param name="scale">Above 1 enlarges.</param>
    /// <param name="border">What is seen beyond the edges.</param>
    /// <param name="fill">The value for <see cref="BorderRule.Fill"/>.</param>
    /// <param name="target">Where the result goes, of the image's own size.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public PlanarPixels Sample(
        PlanarPixels image, double angle, double scale, BorderRule border, byte fill, PixelBuffer target)
    {
        PlanarPixels result = target.Reserve(image.Channels, image.Height, image.Width);
        (double sin, double cos) = Math.SinCos(angle * Math.PI / 180);
        double stepX = cos / scale, stepY = sin / scale;
        double centerX = (image.Width - 1) / 2.0, centerY = (image.Height - 1) / 2.0;
        int width = image.Width, height = image.Height;
        for (int y = 0; y < height; y++)
        {
            double dy = y - centerY;
            long sourceX = Fixed(centerX - (centerX * stepX) - (dy * stepY));
            long sourceY = Fixed(centerY - (centerX * stepY) + (dy * stepX));
            long moveX = Fixed(stepX), moveY = Fixed(stepY);
            byte* row = result.Data + ((long)y * width);
            for (int x = 0; x < width; x++, sourceX += moveX, sourceY += moveY)
            {
                long px = Rounded(sourceX), py = Rounded(sourceY);
                int left = (int)(px >> Bits), top = (int)(py >> Bits);
                int wx = (int)px & (One - 1), wy = (int)py & (One - 1);
                if ((uint)left < (uint)(width - 1) && (uint)top < (uint)(height - 1))
                {
                    byte* pixel = image.Data + ((long)top * width) + left;
                    for (int c = 0; c < image.Channels; c++, pixel += image.ChannelStride)
                    {
                        row[(c * result.ChannelStride) + x] =
                            Mix(pixel[0], pixel[1], pixel[width], pixel[width + 1], wx, wy);
                    }

                    continue;
                }

                for (int c = 0; c < image.Channels; c++)
                {
                    byte* plane = image.Data + (c * image.ChannelStride);
                    row[(c * result.ChannelStride) + x] = Mix(
                        At(plane, top, left), At(plane, top, left + 1),
                        At(plane, top + 1, left), At(plane, top + 1, left + 1), wx, wy);
                }
            }
        }

        GC.KeepAlive(target);
        return result;

        byte At(byte* plane, int y, int x)
        {
            if ((uint)x >= (uint)width || (uint)y >= (uint)height)
            {
                if (border == BorderRule.Fill)
                    return fill;
                (x, y) = border == BorderRule.Repeat
                    ? (Math.Clamp(x, 0, width - 1), Math.Clamp(y, 0, height - 1))
                    : (Reflected(x, width), Reflected(y, height));
            }

            return plane[((long)y * width) + x];
        }
    }

    private static int Reflected(int x, int count)
    {
        if (count == 1)
            return 0;
        int period = 2 * (count - 1), place = ((x % period) + period) % period;
        return place < count ? place : period - place;
    }

    // 32 bits behind the point, so that a row's steps do not add up to anything.
    private static long Fixed(double value) => (long)Math.Round(value * (1L << 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Rounded(long position) => (position + (1L << (31 - Bits))) >> (32 - Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Mix(int a, int b, int c, int d, int wx, int wy)
    {
        int upper = (a * (One - wx)) + (b * wx), lower = (c * (One - wx)) + (d * wx);
        return (byte)(((upper * (One - wy)) + (lower * wy) + (1 << ((2 * Bits) - 1))) >> (2 * Bits));
    }
}
