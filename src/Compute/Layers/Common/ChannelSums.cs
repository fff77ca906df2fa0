using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Common;

/// <summary>What <see cref="ChannelSums"/> adds up: two sums at once.</summary>
internal interface IChannelTerm
{
    /// <summary>Whether the second array is read.</summary>
    static abstract bool ReadsB { get; }

    /// <summary>The value of a that adds nothing where b is the center.</summary>
    static abstract float Neutral(float center);

    /// <summary>Adds the terms of eight elements.</summary>
    static abstract void Add(
        Vector512<double> a, Vector512<double> b, Vector512<double> center,
        ref Vector512<double> first, ref Vector512<double> second);
}

/// <summary>Sum of a.</summary>
internal readonly struct PlainSum : IChannelTerm
{
    /// <inheritdoc/>
    public static bool ReadsB => false;

    /// <inheritdoc/>
    public static float Neutral(float center) => 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(
        Vector512<double> a, Vector512<double> b, Vector512<double> center,
        ref Vector512<double> first, ref Vector512<double> second) => first += a;
}

/// <summary>Sum of a - center and of its square.</summary>
internal readonly struct Moments : IChannelTerm
{
    /// <inheritdoc/>
    public static bool ReadsB => false;

    /// <inheritdoc/>
    public static float Neutral(float center) => center;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(
        Vector512<double> a, Vector512<double> b, Vector512<double> center,
        ref Vector512<double> first, ref Vector512<double> second)
    {
        Vector512<double> difference = a - center;
        first += difference;
        second = Vector512.FusedMultiplyAdd(difference, difference, second);
    }
}

/// <summary>Sum of a and of a * (b - center).</summary>
internal readonly struct Products : IChannelTerm
{
    /// <inheritdoc/>
    public static bool ReadsB => true;

    /// <inheritdoc/>
    public static float Neutral(float center) => 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(
        Vector512<double> a, Vector512<double> b, Vector512<double> center,
        ref Vector512<double> first, ref Vector512<double> second)
    {
        first += a;
        second = Vector512.FusedMultiplyAdd(a, b - center, second);
    }
}

/// <summary>
/// Sums over all elements of each channel, in double precision. The work is cut by the shape alone and partial sums
/// are added in a fixed order, so the bits do not depend on the number of threads. Uses the device's shared buffers
/// <see cref="PartialSlot"/> and <see cref="CenterSlot"/>.
/// </summary>
internal static unsafe class ChannelSums
{
    /// <summary>Shared buffer of the partial sums.</summary>
    public const int PartialSlot = Workspace.Slots - 1;

    /// <summary>Shared buffer of the centers, spread over the columns.</summary>
    public const int CenterSlot = Workspace.Slots - 2;

    // Below this many elements in a row, rows are added up lane by lane instead of each by itself.
    private const int ShortRow = 8;
    private const int PieceElements = 65536;
    private const int BlockRows = 512;

    /// <summary>Adds up.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="layout">How the channels lie; it must have elements.</param>
    /// <param name="a">First array.</param>
    /// <param name="b">Second array; null where the term reads none.</param>
    /// <param name="center">One value for each channel; null for 0.</param>
    /// <param name="first">Takes the first sums.</param>
    /// <param name="second">Takes the second sums.</param>
    public static void Run<TTerm>(
        CpuDevice device, ChannelLayout layout, float* a, float* b, float* center,
        Span<double> first, Span<double> second)
        where TTerm : struct, IChannelTerm
    {
        if (layout.Inner < ShortRow)
            RunColumns<TTerm>(device, layout, a, b, center, first, second);
        else
            RunRows<TTerm>(device, layout, a, b, center, first, second);
    }

    private static void RunRows<TTerm>(
        CpuDevice device, ChannelLayout layout, float* a, float* b, float* center,
        Span<double> first, Span<double> second)
        where TTerm : struct, IChannelTerm
    {
        int pieces = (layout.Inner + PieceElements - 1) / PieceElements;
        int rows = layout.Outer * layout.Channels * pieces;
        double* partial = (double*)device.Workspace.Shared(PartialSlot, 4L * rows);
        Rowwise.Run(
            device, rows, Math.Min(layout.Inner, PieceElements),
            new RowSums<TTerm>(layout, pieces, a, b, center, partial));
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            double sum = 0, other = 0;
            for (int outer = 0; outer < layout.Outer; outer++)
            {
                double* part = partial + (2L * ((outer * layout.Channels) + channel) * pieces);
                for (int piece = 0; piece < pieces; piece++)
                {
                    sum += part[2 * piece];
                    other += part[(2 * piece) + 1];
                }
            }

            first[channel] = sum;
            second[channel] = other;
        }
    }

    private static void RunColumns<TTerm>(
        CpuDevice device, ChannelLayout layout, float* a, float* b, float* center,
        Span<double> first, Span<double> second)
        where TTerm : struct, IChannelTerm
    {
        int columns = layout.Channels * layout.Inner;
        int strips = (columns + Lanes.Count - 1) / Lanes.Count, blocks = (layout.Outer + BlockRows - 1) / BlockRows;
        double* partial = (double*)device.Workspace.Shared(PartialSlot, 4L * blocks * strips * Lanes.Count);
        float* centers = device.Workspace.Shared(CenterSlot, strips * Lanes.Count);
        for (int column = 0; column < columns; column++)
            centers[column] = center is null ? 0 : center[column / layout.Inner];
        Rowwise.Run(
            device, blocks * strips, (long)Math.Min(layout.Outer, BlockRows) * Lanes.Count,
            new ColumnSums<TTerm>(layout.Outer, columns, strips, a, b, centers, partial));
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            double sum = 0, other = 0;
            for (int block = 0; block < blocks; block++)
            {
                for (int column = channel * layout.Inner; column < (channel + 1) * layout.Inner; column++)
                {
                    double* part = partial + (2L * Lanes.Count * ((block * strips) + (column / Lanes.Count)));
                    sum += part[column % Lanes.Count];
                    other += part[Lanes.Count + (column % Lanes.Count)];
                }
            }

            first[channel] = sum;
            second[channel] = other;
        }
    }

    // A row is one piece of one channel of one image.
    private readonly struct RowSums<TTerm>(
        ChannelLayout layout, int pieces, float* a, float* b, float* center, double* partial) : IRowBody
        where TTerm : struct, IChannelTerm
    {
        public void Invoke(int from, int to, int worker)
        {
            for (int row = from; row < to; row++)
            {
                int plane = row / pieces, start = row % pieces * PieceElements;
                long at = ((long)plane * layout.Inner) + start;
                float middle = center is null ? 0 : center[plane % layout.Channels];
                AddRow(at, Math.Min(PieceElements, layout.Inner - start), middle, partial + (2L * row));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddRow(long at, int count, float middle, double* sums)
        {
            Vector512<double> center = Vector512.Create((double)middle), zero = Vector512<double>.Zero;
            Vector512<double> first = zero, second = zero, first2 = zero, second2 = zero;
            float* source = a + at, other = b + at;
            int i = 0;
            for (; i + Lanes.Count <= count; i += Lanes.Count)
            {
                (Vector512<double> low, Vector512<double> high) = Vector512.Widen(Vector512.Load(source + i));
                (Vector512<double> lowB, Vector512<double> highB) =
                    TTerm.ReadsB ? Vector512.Widen(Vector512.Load(other + i)) : (zero, zero);
                TTerm.Add(low, lowB, center, ref first, ref second);
                TTerm.Add(high, highB, center, ref first2, ref second2);
            }

            if (i < count)
            {
                (Vector512<double> low, Vector512<double> high) =
                    Vector512.Widen(Lanes.LoadFirst(source + i, count - i, TTerm.Neutral(middle)));
                (Vector512<double> lowB, Vector512<double> highB) =
                    TTerm.ReadsB ? Vector512.Widen(Lanes.LoadFirst(other + i, count - i, middle)) : (zero, zero);
                TTerm.Add(low, lowB, center, ref first, ref second);
                TTerm.Add(high, highB, center, ref first2, ref second2);
            }

            sums[0] = Vector512.Sum(first + first2);
            sums[1] = Vector512.Sum(second + second2);
        }
    }

    // A row is one strip of 16 columns in one block of rows.
    private readonly struct ColumnSums<TTerm>(
        int rows, int columns, int strips, float* a, float* b, float* centers, double* partial) : IRowBody
        where TTerm : struct, IChannelTerm
    {
        public void Invoke(int from, int to, int worker)
        {
            for (int task = from; task < to; task++)
                AddStrip(task / strips * BlockRows, task % strips * Lanes.Count, partial + (2L * Lanes.Count * task));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddStrip(int row, int column, double* sums)
        {
            Vector512<double> zero = Vector512<double>.Zero;
            Vector512<double> first = zero, second = zero, first2 = zero, second2 = zero;
            (Vector512<double> center, Vector512<double> center2) = Vector512.Widen(Vector512.Load(centers + column));
            for (int end = Math.Min(rows, row + BlockRows); row < end; row++)
            {
                long at = ((long)row * columns) + column;
                (Vector512<double> low, Vector512<double> high) = Vector512.Widen(Vector512.Load(a + at));
                (Vector512<double> lowB, Vector512<double> highB) =
                    TTerm.ReadsB ? Vector512.Widen(Vector512.Load(b + at)) : (zero, zero);
                TTerm.Add(low, lowB, center, ref first, ref second);
                TTerm.Add(high, highB, center2, ref first2, ref second2);
            }

            first.Store(sums);
            first2.Store(sums + 8);
            second.Store(sums + 16);
            second2.Store(sums + 24);
        }
    }
}
