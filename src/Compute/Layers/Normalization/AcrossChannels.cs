using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Normalization;

/// <summary>
/// The numbers of a local response normalization over channels, and the blocks it is done in: up to
/// <see cref="BlockPixels"/> neighbouring pixels of one image, channel after channel, so that the rows of a window
/// stay in the first-level cache. The next channel's rows are prefetched, too short for the processor to see them come.
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

    /// <summary>Where a block begins, and how many pixels it has.</summary>
    public (long Offset, int Count) Block(int number)
    {
        int pixel = number % Blocks * BlockPixels;
        return (((long)(number / Blocks) * Channels * Pixels) + pixel, Math.Min(BlockPixels, Pixels - pixel));
    }
}

/// <summary>y = x s^-beta, s = k + alpha / size * sum of x^2 over the window. A row is a block of an image.</summary>
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
        float* memory = workspace.OfWorker(worker, WorkspaceSlots.Layer, ChannelRing.Size(shape.Rows));
        var squares = new ChannelRing(memory, shape.Rows);
        for (int row = from; row < to; row++)
        {
            (long offset, int count) = shape.Block(row);
            squares.Clear();
            for (int head = 0; head < shape.Half; head++)
                ChannelRing.Square(x + offset + ((long)head * shape.Pixels), squares.Row(head), count);
            for (int channel = 0; channel < shape.Channels; channel++)
            {
                int head = channel + shape.Half;
                long at = offset + ((long)channel * shape.Pixels);
                float* source = x + at;
                if (copy is not null)
                    new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(copy + at, count));
                if (head < shape.Channels && shape.Rows == 5)
                {
                    NormalizeFive(
                        source + (2L * shape.Pixels), squares.Row(head), squares.Row(head + 1), squares.Row(head + 2),
                        squares.Row(head + 3), squares.Row(head + 4), source, y + at, count, shape, power);
                    continue;
                }

                if (head < shape.Channels)
                    ChannelRing.Square(source + ((long)shape.Half * shape.Pixels), squares.Row(head), count);
                else
                    squares.ClearRow(head);
                Normalize(squares, source, y + at, count, shape, power);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalize(
        ChannelRing squares, float* source, float* target, int count, in AcrossShape shape, TPower power)
    {
        Vector512<float> k = Vector512.Create(shape.K), scale = Vector512.Create(shape.SumScale);
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Vector512<float> s = Vector512.FusedMultiplyAdd(squares.Sum(i), scale, k);
            Lanes.Store(Vector512.Load(source + i) * power.Of(s), target + i, count - i);
        }
    }

    // The window of five, with the square of its last channel taken on the way: all in one pass.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void NormalizeFive(
        float* next, float* newest, float* a, float* b, float* c, float* d, float* source, float* target, int count,
        in AcrossShape shape, TPower power)
    {
        Vector512<float> k = Vector512.Create(shape.K), scale = Vector512.Create(shape.SumScale);
        int i = 0, pixels = shape.Pixels;
        for (; i + Lanes.Count <= count; i += Lanes.Count)
            Result(i).Store(target + i);
        if (i < count)
            Lanes.Store(Result(i), target + i, count - i);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        Vector512<float> Result(int i)
        {
            Lanes.Prefetch(next + pixels + i);
            Lanes.Prefetch(target + pixels + i);
            Vector512<float> square = Vector512.Load(next + i);
            square *= square;
            square.Store(newest + i);
            Vector512<float> sum = square + Vector512.Load(a + i)
                + (Vector512.Load(b + i) + Vector512.Load(c + i)) + Vector512.Load(d + i);
            return Vector512.Load(source + i) * power.Of(Vector512.FusedMultiplyAdd(sum, scale, k));
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
        var squares = new ChannelRing(workspace.OfWorker(worker, WorkspaceSlots.Layer, size), shape.Rows);
        var ratios = new ChannelRing(workspace.OfWorker(worker, WorkspaceSlots.Layer + 1, size), shape.Rows);
        // dy s^-beta of the channels whose sum of ratios is not complete yet.
        var direct = new ChannelRing(workspace.OfWorker(worker, WorkspaceSlots.Layer + 2, size), shape.Rows);
        for (int row = from; row < to; row++)
        {
            (long offset, int count) = shape.Block(row);
            squares.Clear();
            ratios.Clear();
            for (int head = 0; head < shape.Channels + (2 * shape.Half); head++)
            {
                int middle = head - shape.Half, channel = middle - shape.Half;
                float* source = x + offset + ((long)channel * shape.Pixels);
                float* target = dx + offset + ((long)channel * shape.Pixels);
                float* central = x + offset + ((long)middle * shape.Pixels);
                float* gradient = dy + offset + ((long)middle * shape.Pixels);
                float* next = x + offset + ((long)head * shape.Pixels);
                if (shape.Rows == 5 && channel >= 0 && head < shape.Channels)
                {
                    RatiosFive(
                        next, squares.Row(head), squares.Row(head + 1), squares.Row(head + 2), squares.Row(head + 3),
                        squares.Row(head + 4), central, gradient, ratios.Row(middle), direct.Row(middle), count,
                        shape, power);
                    CombineFive(
                        ratios.Row(0), direct.Row(channel), source, target, count, shape.Pixels, shape.GradientScale);
                    continue;
                }

                if (head < shape.Channels)
                    ChannelRing.Square(next, squares.Row(head), count);
                else
                    squares.ClearRow(head);
                if (middle >= shape.Channels)
                    ratios.ClearRow(middle);
                else if (middle >= 0)
                    Ratios(squares, central, gradient, ratios.Row(middle), direct.Row(middle), count, shape, power);
                if (channel >= 0)
                    Combine(ratios, direct.Row(channel), source, target, count, shape.GradientScale);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Ratios(
        ChannelRing squares, float* source, float* gradient, float* ratio, float* direct, int count,
        in AcrossShape shape, TPower power)
    {
        Vector512<float> k = Vector512.Create(shape.K), scale = Vector512.Create(shape.SumScale);
        for (int i = 0; i < count; i += Lanes.Count)
        {
            (Vector512<float> factor, Vector512<float> inverse) =
                power.Both(Vector512.FusedMultiplyAdd(squares.Sum(i), scale, k));
            Vector512<float> passed = Vector512.Load(gradient + i) * factor;
            passed.Store(direct + i);
            (passed * Vector512.Load(source + i) * inverse).Store(ratio + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine(
        ChannelRing ratios, float* direct, float* source, float* target, int count, float gradientScale)
    {
        Vector512<float> scale = Vector512.Create(-gradientScale);
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Vector512<float> result = Vector512.FusedMultiplyAdd(
                ratios.Sum(i) * scale, Vector512.Load(source + i), Vector512.Load(direct + i));
            Lanes.Store(result, target + i, count - i);
        }
    }

    // The two steps for a window of five. The square of its last channel is taken on the way.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RatiosFive(
        float* next, float* newest, float* a, float* b, float* c, float* d, float* source, float* gradient,
        float* ratio, float* direct, int count, in AcrossShape shape, TPower power)
    {
        Vector512<float> k = Vector512.Create(shape.K), scale = Vector512.Create(shape.SumScale);
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Lanes.Prefetch(next + shape.Pixels + i);
            Lanes.Prefetch(gradient + shape.Pixels + i);
            Vector512<float> square = Vector512.Load(next + i);
            square *= square;
            square.Store(newest + i);
            Vector512<float> sum = square + Vector512.Load(a + i)
                + (Vector512.Load(b + i) + Vector512.Load(c + i)) + Vector512.Load(d + i);
            (Vector512<float> factor, Vector512<float> inverse) =
                power.Both(Vector512.FusedMultiplyAdd(sum, scale, k));
            Vector512<float> passed = Vector512.Load(gradient + i) * factor;
            passed.Store(direct + i);
            (passed * Vector512.Load(source + i) * inverse).Store(ratio + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CombineFive(
        float* ratios, float* direct, float* source, float* target, int count, int pixels, float gradientScale)
    {
        const int Row = AcrossShape.BlockPixels;
        Vector512<float> scale = Vector512.Create(-gradientScale);
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Lanes.Prefetch(target + pixels + i);
            float* ratio = ratios + i;
            Vector512<float> sum = Vector512.Load(ratio) + Vector512.Load(ratio + Row)
                + (Vector512.Load(ratio + (2 * Row)) + Vector512.Load(ratio + (3 * Row)))
                + Vector512.Load(ratio + (4 * Row));
            Vector512<float> result = Vector512.FusedMultiplyAdd(
                sum * scale, Vector512.Load(source + i), Vector512.Load(direct + i));
            Lanes.Store(result, target + i, count - i);
        }
    }
}

/// <summary>Rows of a sliding window over channels, a block's pixels each; channel c lies in row c mod rows.</summary>
/// <param name="memory">Room for <see cref="Size"/> floats.</param>
/// <param name="rows">Number of rows.</param>
internal readonly unsafe struct ChannelRing(float* memory, int rows)
{
    /// <summary>Floats of a ring.</summary>
    public static long Size(int rows) => (long)rows * AcrossShape.BlockPixels;

    /// <summary>Squares a row; whole registers are read and written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Square(float* source, float* target, int count)
    {
        for (int i = 0; i < count; i += Lanes.Count)
        {
            Vector512<float> value = Vector512.Load(source + i);
            (value * value).Store(target + i);
        }
    }

    /// <summary>The row of a channel; it takes the place of the channel that left the window.</summary>
    public float* Row(int channel) => memory + ((long)(channel % rows) * AcrossShape.BlockPixels);

    /// <summary>Sets all rows to zero.</summary>
    public void Clear() => new Span<float>(memory, (int)Size(rows)).Clear();

    /// <summary>Sets the row of a channel to zero.</summary>
    public void ClearRow(int channel) => new Span<float>(Row(channel), AcrossShape.BlockPixels).Clear();

    /// <summary>The sum of all rows at 16 pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Sum(int pixel)
    {
        Vector512<float> sum = Vector512.Load(memory + pixel);
        for (int i = 1; i < rows; i++)
            sum += Vector512.Load(memory + pixel + ((long)i * AcrossShape.BlockPixels));
        return sum;
    }
}
