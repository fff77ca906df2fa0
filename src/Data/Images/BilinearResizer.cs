using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CaffeActors.Data.Images;

/// <summary>
/// Bilinear resizing of 8-bit images with the arithmetic of OpenCV's <c>resize</c> (INTER_LINEAR), bit for bit:
/// pixel centres at half positions, edges repeated, weights of 11 bits, rows first; then per pixel
/// ((w0 * (r0 >> 4)) >> 16) + ((w1 * (r1 >> 4)) >> 16) + 2, over 4. Reducing does not smooth, as there.
/// It keeps its tables for the sizes used last, and their memory. Not thread-safe.
/// </summary>
public sealed unsafe class BilinearResizer
{
    private const int Bits = 11;

    private int _sourceHeight;
    private int _sourceWidth;
    private int _height;
    private int _width;
    private Tap[] _columns = [];
    private Tap[] _rows = [];
    private int[] _upper = [];
    private int[] _lower = [];

    /// <summary>Resizes an image, each channel by itself; a size that is already right is only copied.</summary>
    /// <param name="source">The image.</param>
    /// <param name="height">Rows wanted, at least 1.</param>
    /// <param name="width">Columns wanted, at least 1.</param>
    /// <param name="target">Where the result goes.</param>
    public PlanarPixels Resize(PlanarPixels source, int height, int width, PixelBuffer target)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        PlanarPixels result = target.Reserve(source.Channels, height, width);
        if (source.Height == height && source.Width == width)
        {
            for (int c = 0; c < source.Channels; c++)
            {
                new ReadOnlySpan<byte>(source.Data + (c * source.ChannelStride), height * width)
                    .CopyTo(new Span<byte>(result.Data + (c * result.ChannelStride), height * width));
            }

            GC.KeepAlive(target);
            return result;
        }

        Prepare(source.Height, source.Width, height, width);
        for (int c = 0; c < source.Channels; c++)
            ResizeChannel(source.Data + (c * source.ChannelStride), result.Data + (c * result.ChannelStride));
        GC.KeepAlive(target);
        return result;
    }

    private void Prepare(int sourceHeight, int sourceWidth, int height, int width)
    {
        if (_sourceHeight == sourceHeight && _sourceWidth == sourceWidth && _height == height && _width == width)
            return;
        (_sourceHeight, _sourceWidth, _height, _width) = (sourceHeight, sourceWidth, height, width);
        SetTaps(ref _rows, sourceHeight, height);
        SetTaps(ref _columns, sourceWidth, width);
        for (int x = 0; x < width; x++)
            _columns[x] = _columns[x].AtEdgeWhole();
        if (_upper.Length >= width)
            return;
        _upper = GC.AllocateUninitializedArray<int>(width, pinned: true);
        _lower = GC.AllocateUninitializedArray<int>(width, pinned: true);
    }

    // Memory is kept: windows are of another size each time.
    private static void SetTaps(ref Tap[] taps, int source, int target)
    {
        if (taps.Length < target)
            taps = new Tap[target];
        // Not source / target: this is how OpenCV rounds it.
        double scale = 1 / ((double)target / source);
        for (int i = 0; i < target; i++)
        {
            float position = (float)(((i + 0.5) * scale) - 0.5);
            int first = (int)MathF.Floor(position);
            float fraction = position - first;
            taps[i] = new Tap(Math.Clamp(first, 0, source - 1), Math.Clamp(first + 1, 0, source - 1),
                (int)MathF.Round((1 - fraction) * (1 << Bits)), (int)MathF.Round(fraction * (1 << Bits)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ResizeChannel(byte* source, byte* target)
    {
        int upperRow = -1, lowerRow = -1;
        for (int y = 0; y < _height; y++, target += _width)
        {
            Tap tap = _rows[y];
            // The lower row of one line is often the upper one of the next.
            if (tap.First != upperRow && tap.First == lowerRow)
            {
                (_upper, _lower) = (_lower, _upper);
                (upperRow, lowerRow) = (lowerRow, upperRow);
            }

            if (tap.First != upperRow)
            {
                StretchRow(source + ((long)tap.First * _sourceWidth), _upper);
                upperRow = tap.First;
            }

            if (tap.Second != lowerRow)
            {
                StretchRow(source + ((long)tap.Second * _sourceWidth), _lower);
                lowerRow = tap.Second;
            }

            fixed (int* upper = _upper, lower = _lower)
                Mix(upper, lower, tap.FirstWeight, tap.SecondWeight, target, _width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StretchRow(byte* source, int[] row)
    {
        ReadOnlySpan<Tap> taps = _columns.AsSpan(0, _width);
        for (int x = 0; x < taps.Length; x++)
        {
            ref readonly Tap tap = ref taps[x];
            row[x] = (source[tap.First] * tap.FirstWeight) + (source[tap.Second] * tap.SecondWeight);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(int* upper, int* lower, int upperWeight, int lowerWeight, byte* target, int count)
    {
        int x = 0;
        Vector256<int> first = Vector256.Create(upperWeight), second = Vector256.Create(lowerWeight);
        for (; x + 32 <= count; x += 32)
        {
            int* u = upper + x, l = lower + x;
            Vector256<short> low = Vector256.Narrow(Mix(u, l, first, second), Mix(u + 8, l + 8, first, second));
            Vector256<short> high =
                Vector256.Narrow(Mix(u + 16, l + 16, first, second), Mix(u + 24, l + 24, first, second));
            Vector256.Narrow(low.AsUInt16(), high.AsUInt16()).Store(target + x);
        }

        for (; x < count; x++)
        {
            int sum = ((upperWeight * (upper[x] >> 4)) >> 16) + ((lowerWeight * (lower[x] >> 4)) >> 16);
            target[x] = (byte)((sum + 2) >> 2);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Mix(int* upper, int* lower, Vector256<int> upperWeight, Vector256<int> lowerWeight) =>
        (((upperWeight * (Vector256.Load(upper) >> 4)) >> 16)
            + ((lowerWeight * (Vector256.Load(lower) >> 4)) >> 16) + Vector256.Create(2)) >> 2;

    private readonly record struct Tap(int First, int Second, int FirstWeight, int SecondWeight)
    {
        // Left and right of the image OpenCV takes the edge's column with the whole weight; above and below it mixes
        // the edge's row with itself, which may round otherwise.
        public Tap AtEdgeWhole() => First == Second ? this with { FirstWeight = 1 << Bits, SecondWeight = 0 } : this;
    }
}
