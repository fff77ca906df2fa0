using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>
/// The numbers of a local response normalization over channels, and the blocks it is done in: up to
/// <see cref="BlockPixels"/> neighbouring pixels of one image, channel after channel, so that the rows of a window
/// stay in the first-level cache.
/// </summary>
/// <param name="Channels">Channels of an image.</param>
/// <param name="Pixels">Elements of a channel.</param>
/// <param name="Half">Channels of a window before its middle, and after it.</param>
/// <param name="K">Added to the sum.</param>
/// <param name="SumScale">alpha / size: the factor of the sum of squares.</param>
/// <param name="GradientScale">2 alpha beta / size.</param>
internal readonly record struct AcrossShape(
    int Channels, int Pixels, int Half, float K, float SumScale, float GradientScale)
{
    /// <summary>Most pixels in a block.</summary>
    public const int BlockPixels = 256;

    /// <summary>Rows of a window.</summary>
    public int Rows => (2 * Half) + 1;

    /// <summary>Blocks of an image.</summary>
    public int Blocks => (Pixels + BlockPixels - 1) / BlockPixels;
}

/// <summary>y = x s^-beta, s = k + alpha / size * sum of x^2 over the window. A row is one block of one image.</summary>
/// <param name="shape">The numbers.</param>
/// <param name="power">s^-beta.</param>
/// <param name="x">The images.</param>
/// <param name="y">The normalized images; may be <paramref name="x"/>.</param>
/// <param name="copy">Takes x, for a backward pass in place; null where nobody wants it.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct AcrossForward<TPower>(
    AcrossShape shape, TPower power, float* x, float* y, float* copy, Workspace workspace) : IRowBody
    where TPower : struct, IInversePower
{
    /// <summary>Does some blocks.</summary>
    public void Invoke(int from, int to, int worker)
    {
        // The squares of the window's channels; channel c lies in row c mod Rows.
        var squares = new ChannelRing(workspace.OfWorker(worker, 0, ChannelRing.Size(shape.Rows)), shape.Rows);
        for (int row = from; row < to; row++)
        {
            int pixel = row % shape.Blocks * AcrossShape.BlockPixels;
            long offset = ((long)(row / shape.Blocks) * shape.Channels * shape.Pixels) + pixel;
            int count = Math.Min(AcrossShape.BlockPixels, shape.Pixels - pixel);
            squares.Clear();
            for (int head = 0; head < shape.Channels + shape.Half; head++)
            {
                float* square = squares.Row(head);
                if (head < shape.Channels)
                    AcrossRows.Square(x + offset + ((long)head * shape.Pixels), square, count);
                else
                    new Span<float>(square, AcrossShape.BlockPixels).Clear();
                long channel = head - shape.Half;
                if (channel < 0)
                    continue;
                long at = offset + (channel * shape.Pixels);
                Normalize(squares, x + at, y + at, copy is null ? null : copy + at, count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Normalize(ChannelRing squares, float* source, float* target, float* kept, int count)
    {
        Vector512<float> k = Vector512.Create(shape.K), scale = Vector512.Create(shape.SumScale);
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Vector512<float> value = Vector512.Load(source + i);
            Vector512<float> s = Vector512.FusedMultiplyAdd(squares.Sum(i), scale, k);
            if (kept is not null)
                Lanes.StoreFirst(kept + i, value, count - i);
            Lanes.StoreFirst(target + i, value * power.Of(s), count - i);
        }
    }
}

/// <summary>
/// dx = dy s^-beta - 2 alpha beta / size * x * sum of dy x s^(-beta - 1) over the window. s is computed anew from x:
/// that costs less than storing and loading it. A row is one block of one image.
/// </summary>
/// <param name="shape">The numbers.</param>
/// <param name="power">s^-beta.</param>
/// <param name="x">The images.</param>
/// <param name="dy">Gradients of the normalized images.</param>
/// <param name="dx">Gradients of the images, overwritten; may be <paramref name="dy"/>.</param>
/// <param name="workspace">Scratch memory.</param>
internal readonly unsafe struct AcrossBackward<TPower>(
    AcrossShape shape, TPower power, float* x, float* dy, float* dx, Workspace workspace) : IRowBody
    where TPower : struct, IInversePower
{
    /// <summary>Does some blocks.</summary>
    public void Invoke(int from, int to, int worker)
    {
        long size = ChannelRing.Size(shape.Rows);
        var squares = new ChannelRing(workspace.OfWorker(worker, 0, size), shape.Rows);
        var ratios = new ChannelRing(workspace.OfWorker(worker, 1, size), shape.Rows);
        var direct = new ChannelRing(workspace.OfWorker(worker, 2, size), shape.Rows);
        for (int row = from; row < to; row++)
        {
            int pixel = row % shape.Blocks * AcrossShape.BlockPixels;
            long offset = ((long)(row / shape.Blocks) * shape.Channels * shape.Pixels) + pixel;
            int count = Math.Min(AcrossShape.BlockPixels, shape.Pixels - pixel);
            squares.Clear();
            ratios.Clear();
            for (int head = 0; head < shape.Channels + (2 * shape.Half); head++)
            {
                if (head < shape.Channels)
                    AcrossRows.Square(x + offset + ((long)head * shape.Pixels), squares.Row(head), count);
                else
                    new Span<float>(squares.Row(head), AcrossShape.BlockPixels).Clear();
                int middle = head - shape.Half, channel = middle - shape.Half;
                if (middle >= shape.Channels)
                {
                    new Span<float>(ratios.Row(middle), AcrossShape.BlockPixels).Clear();
                }
                else if (middle >= 0)
                {
                    long at = offset + ((long)middle * shape.Pixels);
                    Ratios(squares, x + at, dy + at, ratios.Row(middle), direct.Row(middle), count);
                }

                if (channel >= 0)
                {
                    long at = offset + ((long)channel * shape.Pixels);
                    Combine(ratios, direct.Row(channel), x + at, dx + at, count);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Ratios(ChannelRing squares, float* source, float* gradient, float* ratio, float* direct, int count)
    {
        Vector512<float> k = Vector512.Create(shape.K), scale = Vector512.Create(shape.SumScale);
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Vector512<float> s = Vector512.FusedMultiplyAdd(squares.Sum(i), scale, k);
            Vector512<float> passed = Vector512.Load(gradient + i) * power.Of(s);
            passed.Store(direct + i);
            (passed * Vector512.Load(source + i) / s).Store(ratio + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Combine(ChannelRing ratios, float* direct, float* source, float* target, int count)
    {
        Vector512<float> scale = Vector512.Create(-shape.GradientScale);
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Vector512<float> sum = ratios.Sum(i) * scale;
            Lanes.StoreFirst(
                target + i,
                Vector512.FusedMultiplyAdd(sum, Vector512.Load(source + i), Vector512.Load(direct + i)),
                count - i);
        }
    }
}

/// <summary>Rows of a sliding window over channels, a block's pixels each.</summary>
/// <param name="memory">Room for <see cref="Size"/> floats.</param>
/// <param name="rows">Number of rows.</param>
internal readonly unsafe struct ChannelRing(float* memory, int rows)
{
    /// <summary>Floats of a ring.</summary>
    public static long Size(int rows) => (long)rows * AcrossShape.BlockPixels;

    /// <summary>The row of a channel; it takes the place of the channel that left the window.</summary>
    public float* Row(int channel) => memory + ((long)(channel % rows) * AcrossShape.BlockPixels);

    /// <summary>Sets all rows to zero.</summary>
    public void Clear() => new Span<float>(memory, (int)Size(rows)).Clear();

    /// <summary>The sum of all rows at 16 pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Sum(int pixel)
    {
        float* row = memory + pixel;
        if (rows == 5)
        {
            return Vector512.Load(row) + Vector512.Load(row + AcrossShape.BlockPixels)
                + (Vector512.Load(row + (2 * AcrossShape.BlockPixels)) + Vector512.Load(row + (3 * AcrossShape.BlockPixels)))
                + Vector512.Load(row + (4 * AcrossShape.BlockPixels));
        }

        Vector512<float> sum = Vector512.Load(row);
        for (int i = 1; i < rows; i++)
            sum += Vector512.Load(row + ((long)i * AcrossShape.BlockPixels));
        return sum;
    }
}

/// <summary>What both directions do to a row.</summary>
internal static unsafe class AcrossRows
{
    /// <summary>Squares; whole registers are read and written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Square(float* source, float* target, int count)
    {
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Vector512<float> value = Vector512.Load(source + i);
            (value * value).Store(target + i);
        }
    }
}
