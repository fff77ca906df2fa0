using CaffeActors.Compute.Blobs;
using CaffeActors.Data.Images;

namespace CaffeActors.Api.Exams;

/// <summary>Floats made visible: PNGs of values of any range, the least black and the greatest white.</summary>
public static unsafe class FloatImage
{
    private const int Gap = 1;

    /// <summary>One image.</summary>
    /// <param name="values">Channel after channel, row after row.</param>
    /// <param name="channels">1 (gray) or 3 (blue, green, red).</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <returns>A PNG; empty where it cannot be made.</returns>
    public static byte[] Of(ReadOnlySpan<float> values, int channels, int height, int width)
    {
        byte[] pixels = new byte[values.Length];
        (float least, float scale) = Range(values);
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = Byte(values[i], least, scale);
        return Encode(pixels, channels, height, width);
    }

    /// <summary>The filters of a convolution, in rows beside each other, each value as a square of equal size; all have
    /// one range.</summary>
    /// <param name="weights">(filters, channels, rows, columns). Of three channels blue, green and red are shown, of any
    /// other number the first.</param>
    /// <param name="most">How many filters are shown at most.</param>
    /// <param name="side">About how many pixels a filter is wide.</param>
    /// <returns>A PNG; empty where the weights are of another form.</returns>
    public static byte[] OfFilters(Blob weights, int most = 256, int side = 32)
    {
        if (weights.AxisCount != 4 || weights.Count == 0)
            return [];
        int filters = Math.Min(most, weights.Dim(0)), rows = weights.Dim(2), columns = weights.Dim(3);
        int channels = weights.Dim(1) == 3 ? 3 : 1, plane = rows * columns, filter = weights.CountFrom(1);
        int zoom = Math.Max(1, side / Math.Max(rows, columns)), across = (int)Math.Ceiling(Math.Sqrt(filters * 1.6));
        int down = (filters + across - 1) / across;
        int width = (across * ((columns * zoom) + Gap)) - Gap, height = (down * ((rows * zoom) + Gap)) - Gap;
        byte[] pixels = new byte[(long)channels * height * width];
        ReadOnlySpan<float> data = weights.Data;
        (float least, float scale) = Range(data);
        for (int f = 0; f < filters; f++)
        {
            int top = f / across * ((rows * zoom) + Gap), left = f % across * ((columns * zoom) + Gap);
            for (int c = 0; c < channels; c++)
            {
                for (int y = 0; y < rows * zoom; y++)
                {
                    Span<byte> row = pixels.AsSpan((((c * height) + top + y) * width) + left, columns * zoom);
                    ReadOnlySpan<float> source = data.Slice(
                        (f * filter) + (c * plane) + (y / zoom * columns), columns);
                    for (int x = 0; x < row.Length; x++)
                        row[x] = Byte(source[x / zoom], least, scale);
                }
            }
        }

        return Encode(pixels, channels, height, width);
    }

    private static (float Least, float Scale) Range(ReadOnlySpan<float> values)
    {
        float least = float.PositiveInfinity, greatest = float.NegativeInfinity;
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
                continue;
            least = Math.Min(least, value);
            greatest = Math.Max(greatest, value);
        }

        return greatest > least ? (least, byte.MaxValue / (greatest - least)) : (0, 0);
    }

    // What is no number is black.
    private static byte Byte(float value, float least, float scale) =>
        float.IsNaN(value) ? (byte)0 : (byte)Math.Clamp(MathF.Round((value - least) * scale), 0, byte.MaxValue);

    private static byte[] Encode(byte[] pixels, int channels, int height, int width)
    {
        fixed (byte* data = pixels)
        {
            return ImageEncoder.TryEncode(new PlanarPixels(data, channels, height, width), "png", out byte[] file)
                ? file : [];
        }
    }
}
