using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Data.Images;

/// <summary>
/// Brightness, contrast, saturation and hue of an 8-bit image changed in one step: all four are linear, so they make
/// one matrix and one number that is added, and values are cut to 0 to 255 only once.
/// </summary>
/// <param name="brightness">Factor of all values.</param>
/// <param name="contrast">Factor of the distance from the image's mean brightness.</param>
/// <param name="saturation">Factor of the distance from the pixel's brightness.</param>
/// <param name="hue">Degrees by which colours are turned.</param>
internal readonly unsafe struct ColorChange(float brightness, float contrast, float saturation, double hue)
{
    // Blue, green, red: their parts of the brightness (Y), and of the two axes of colour (I, Q); and the way back.
    private static ReadOnlySpan<float> Luma => [0.114f, 0.587f, 0.299f];

    private static ReadOnlySpan<float> ToI => [-0.3213f, -0.2746f, 0.5959f];

    private static ReadOnlySpan<float> ToQ => [0.3112f, -0.5227f, 0.2115f];

    private static ReadOnlySpan<float> FromI => [-1.1070f, -0.2721f, 0.9563f];

    private static ReadOnlySpan<float> FromQ => [1.7046f, -0.6474f, 0.6210f];

    /// <summary>Changes an image.</summary>
    /// <param name="image">The image; of three or four channels the first three are colours.</param>
    /// <param name="target">Where the result goes.</param>
    public PlanarPixels Apply(PlanarPixels image, PixelBuffer target)
    {
        PlanarPixels result = target.Reserve(image.Channels, image.Height, image.Width);
        int count = image.Height * image.Width;
        float added = contrast == 1 ? 0 : brightness * (1 - contrast) * MeanBrightness(image, count);
        if (image.Channels is not (3 or 4))
        {
            for (int c = 0; c < image.Channels; c++)
            {
                Plane(image.Data + (c * image.ChannelStride), brightness * contrast, added,
                    result.Data + (c * result.ChannelStride), count);
            }

            GC.KeepAlive(target);
            return result;
        }

        Span<float> matrix = stackalloc float[9];
        SetMatrix(matrix);
        for (int c = 0; c < 3; c++)
        {
            Plane(image.Data, image.Data + image.ChannelStride, image.Data + (2 * image.ChannelStride),
                matrix.Slice(3 * c, 3), added, result.Data + (c * result.ChannelStride), count);
        }

        if (image.Channels == 4)
        {
            new ReadOnlySpan<byte>(image.Data + (3 * image.ChannelStride), count)
                .CopyTo(new Span<byte>(result.Data + (3 * result.ChannelStride), count));
        }

        GC.KeepAlive(target);
        return result;
    }

    private static float MeanBrightness(PlanarPixels image, int count)
    {
        double sum = 0;
        bool isColor = image.Channels is 3 or 4;
        int channels = isColor ? 3 : image.Channels;
        for (int c = 0; c < channels; c++)
        {
            long plane = 0;
            byte* values = image.Data + (c * image.ChannelStride);
            for (int i = 0; i < count; i++)
                plane += values[i];
            sum += plane * (isColor ? Luma[c] : 1.0 / channels);
        }

        return (float)(sum / count);
    }

    // From each of the three to each: the hue's turn after saturation after the common factor. With the row vector
    // of brightness L and the column 1 of ones, 1 L is the part that neither changes.
    private void SetMatrix(Span<float> matrix)
    {
        (double sin, double cos) = Math.SinCos(hue * Math.PI / 180);
        float factor = brightness * contrast;
        for (int to = 0; to < 3; to++)
        {
            for (int from = 0; from < 3; from++)
            {
                float luma = Luma[from], color = (to == from ? 1 : 0) - luma;
                float turned = (FromQ[to] * ToI[from]) - (FromI[to] * ToQ[from]);
                matrix[(3 * to) + from] =
                    factor * (luma + (saturation * (((float)cos * color) + ((float)sin * turned))));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane(byte* source, float factor, float added, byte* target, int count)
    {
        int i = 0;
        for (; i + 8 <= count; i += 8)
            Store((Load(source + i) * factor) + Vector256.Create(added), target + i);
        for (; i < count; i++)
            target[i] = Cut((source[i] * factor) + added);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane(
        byte* blue, byte* green, byte* red, ReadOnlySpan<float> row, float added, byte* target, int count)
    {
        float b = row[0], g = row[1], r = row[2];
        int i = 0;
        for (; i + 8 <= count; i += 8)
        {
            Vector256<float> sum = (Load(blue + i) * b) + (Load(green + i) * g);
            Store(sum + (Load(red + i) * r) + Vector256.Create(added), target + i);
        }

        for (; i < count; i++)
            target[i] = Cut((blue[i] * b) + (green[i] * g) + (red[i] * r) + added);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load(byte* source)
    {
        Vector128<ushort> pair = Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)source).AsByte());
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(pair);
        return Vector256.ConvertToSingle(Vector256.Create(low, high).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> values, byte* target)
    {
        Vector256<float> cut = Vector256.Min(Vector256.Max(values, Vector256<float>.Zero), Vector256.Create(255f));
        Vector256<int> whole = Vector256.ConvertToInt32(cut + Vector256.Create(0.5f));
        Vector128<short> half = Vector128.Narrow(whole.GetLower(), whole.GetUpper());
        *(ulong*)target = Vector128.Narrow(half.AsUInt16(), half.AsUInt16()).AsUInt64().ToScalar();
    }

    private static byte Cut(float value) => (byte)(int)(Math.Clamp(value, 0, 255) + 0.5f);
}
