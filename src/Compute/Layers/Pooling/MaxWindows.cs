using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CaffeActors.Compute.Backends.Cpu;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>What <see cref="MaxPooling"/> does to a plane, 16 windows at a time. Cells beside the plane are read and
/// passed over.</summary>
internal static unsafe class MaxWindows
{
    /// <summary>Each window by itself.</summary>
    /// <param name="g">The geometry.</param>
    /// <param name="cells">The plane.</param>
    /// <param name="columns">For each window of a row the column it begins at.</param>
    /// <param name="y">Receives the maxima.</param>
    /// <param name="places">Receives their places.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apart<TPlaces>(in PoolingGeometry g, float* cells, int* columns, float* y, int* places)
        where TPlaces : struct, IPlaces
    {
        if (g.StrideW == 2 && g.KernelW == 3)
            Apart<TPlaces, Halved, Three>(g, cells, columns, y, places);
        else if (g.StrideW == 2 && g.KernelW == 2)
            Apart<TPlaces, Halved, Two>(g, cells, columns, y, places);
        else if (g.StrideW == 2)
            Apart<TPlaces, Halved, Any>(g, cells, columns, y, places);
        else if (g.StrideW == 1)
            Apart<TPlaces, Dense, Any>(g, cells, columns, y, places);
        else
            Scalar<TPlaces>(g, cells, y, places);
    }

    /// <summary>Windows one row and one column apart: first the maxima of their rows, then those of the rows'
    /// maxima.</summary>
    /// <param name="g">The geometry.</param>
    /// <param name="cells">The plane.</param>
    /// <param name="columns">For each window of a row, or of all rows where they are joined, the column it begins
    /// at.</param>
    /// <param name="ph">The first row of windows.</param>
    /// <param name="rows">How many of them.</param>
    /// <param name="joined">Whether the windows of a row go on with those of the next as its cells do.</param>
    /// <param name="distance">From the row maxima of a row to those of the next.</param>
    /// <param name="values">Room for the row maxima of all rows and a register.</param>
    /// <param name="at">As much room for their places.</param>
    /// <param name="y">Receives the maxima.</param>
    /// <param name="places">Receives their places.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sliding<TPlaces>(
        in PoolingGeometry g, float* cells, int* columns, int ph, int rows, bool joined, int distance, float* values,
        int* at, float* y, int* places)
        where TPlaces : struct, IPlaces
    {
        int top = ph - g.PadH, end = top + rows - 1 + g.KernelH;
        int first = Math.Clamp(top, 0, g.Height), last = Math.Clamp(end, first, g.Height);
        int inside = (first - top) * distance, outside = (last - top) * distance;
        new Span<float>(values, inside).Fill(float.MinValue);
        int runs = joined ? 1 : last - first, length = joined ? (last - first) * distance : g.PooledWidth;
        if (g.KernelW == 3)
            RowMaxima<TPlaces, Three>(g, cells, first, runs, length, columns, distance, values + inside, at + inside);
        else
            RowMaxima<TPlaces, Any>(g, cells, first, runs, length, columns, distance, values + inside, at + inside);
        new Span<float>(values + outside, (end - last) * distance).Fill(float.MinValue);
        (runs, length) = joined ? (1, rows * distance) : (rows, g.PooledWidth);
        for (; runs > 0; runs--, values += distance, at += distance, y += length, places += length)
            ColumnMaxima<TPlaces>(g.KernelH, distance, values, at, length, y, places);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apart<TPlaces, TStride, TKernel>(
        in PoolingGeometry g, float* cells, int* columns, float* y, int* places)
        where TPlaces : struct, IPlaces
        where TStride : struct, ILength
        where TKernel : struct, ILength
    {
        int width = g.Width, height = g.Height, pooledW = g.PooledWidth, kernelH = g.KernelH;
        var edges = new Edges(g);
        Vector512<int> lanes = Vector512<int>.Indices * TStride.Value;
        Vector512<int> row = Vector512.Create(width);
        cells -= g.PadW;
        for (int ph = 0, begin = -g.PadH; ph < g.PooledHeight; ph++, begin += g.StrideH)
        {
            int top = Math.Max(begin, 0), rows = Math.Min(begin + kernelH, height) - top;
            Vector512<int> here = lanes + Vector512.Create((top * width) - g.PadW);
            for (int q = 0; q < pooledW; q += Lanes.Count)
            {
                Vector512<float> best = Vector512.Create(float.MinValue);
                Vector512<int> at = Vector512<int>.Zero, place = here;
                float* window = cells + ((long)top * width) + (q * TStride.Value);
                for (int i = 0; i < rows; i++, window += width)
                {
                    Vector512<float> value = Row<TPlaces, TStride, TKernel>(edges, window, columns + q, out var cell);
                    Take<TPlaces>(value, cell + place, ref best, ref at);
                    place += row;
                }

                Put<TPlaces>(best, at, y + q, places + q, pooledW - q);
                here += Vector512.Create(TStride.Value * Lanes.Count);
            }

            y += pooledW;
            places += pooledW;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RowMaxima<TPlaces, TKernel>(
        in PoolingGeometry g, float* cells, int row, int runs, int count, int* columns, int distance, float* values,
        int* places)
        where TPlaces : struct, IPlaces
        where TKernel : struct, ILength
    {
        var edges = new Edges(g);
        for (; runs > 0; runs--, row++, values += distance, places += distance)
        {
            float* window = cells + ((long)row * g.Width) - g.PadW;
            Vector512<int> here = Vector512<int>.Indices + Vector512.Create((row * g.Width) - g.PadW);
            for (int q = 0; q < count; q += Lanes.Count)
            {
                Row<TPlaces, Dense, TKernel>(edges, window + q, columns + q, out Vector512<int> cell).Store(values + q);
                if (TPlaces.Noted)
                    (cell + here).Store(places + q);
                here += Vector512.Create(Lanes.Count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ColumnMaxima<TPlaces>(
        int kernel, int distance, float* values, int* at, int count, float* y, int* places)
        where TPlaces : struct, IPlaces
    {
        for (int q = 0; q < count; q += Lanes.Count)
        {
            float* row = values + q;
            int* rowAt = at + q;
            Vector512<float> best = Vector512.Load(row);
            Vector512<int> taken = TPlaces.Noted ? Vector512.Load(rowAt) : default;
            for (int i = 1; i < kernel; i++)
            {
                row += distance;
                rowAt += distance;
                Take<TPlaces>(
                    Vector512.Load(row), TPlaces.Noted ? Vector512.Load(rowAt) : default, ref best, ref taken);
            }

            Put<TPlaces>(best, taken, y + q, places + q, count - q);
        }
    }

    // The first greatest cell of 16 windows' rows, counted from the window's begin. Where no cell is above the least
    // number, which one means nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Row<TPlaces, TStride, TKernel>(
        in Edges edges, float* window, int* columns, out Vector512<int> cell)
        where TPlaces : struct, IPlaces
        where TStride : struct, ILength
        where TKernel : struct, ILength
    {
        int kernel = TKernel.Value > 0 ? TKernel.Value : edges.Kernel;
        Vector512<float> v0, v1, v2;
        if (TStride.Value == 1)
        {
            (v0, v1, v2) = (Vector512.Load(window), Vector512.Load(window + 1), Vector512.Load(window + 2));
        }
        else
        {
            Lanes.Deinterleave(window, out v0, out v1);
            Lanes.Deinterleave(window + 2, out v2, out _);
        }

        cell = Vector512<int>.Zero;
        if (edges.Cut0)
            v0 = edges.Cut(v0, columns, 0);
        Vector512<float> best = Greater(v0, Vector512.Create(float.MinValue));
        if (kernel > 1)
        {
            if (edges.Cut1)
                v1 = edges.Cut(v1, columns, 1);
            Take<TPlaces>(v1, Vector512<int>.One, ref best, ref cell);
        }

        if (kernel > 2)
        {
            if (edges.Cut2)
                v2 = edges.Cut(v2, columns, 2);
            Take<TPlaces>(v2, Vector512.Create(2), ref best, ref cell);
        }

        for (int j = 3; TKernel.Value == 0 && j < kernel; j++)
        {
            if (TStride.Value == 1)
                v0 = Vector512.Load(window + j);
            else
                Lanes.Deinterleave(window + j, out v0, out _);
            if (edges.Cuts(j))
                v0 = edges.Cut(v0, columns, j);
            Take<TPlaces>(v0, Vector512.Create(j), ref best, ref cell);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TPlaces>(
        Vector512<float> value, Vector512<int> place, ref Vector512<float> best, ref Vector512<int> at)
        where TPlaces : struct, IPlaces
    {
        if (TPlaces.Noted)
            at = Vector512.ConditionalSelect(Vector512.GreaterThan(value, best).AsInt32(), place, at);
        best = Greater(value, best);
    }

    // x86's maximum takes its second operand where one is NaN, which is just this; other processors' do not.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Greater(Vector512<float> value, Vector512<float> best) => Avx.IsSupported
        ? Vector512.MaxNative(value, best)
        : Vector512.ConditionalSelect(Vector512.GreaterThan(value, best), value, best);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TPlaces>(Vector512<float> best, Vector512<int> at, float* y, int* places, int count)
        where TPlaces : struct, IPlaces
    {
        at = Vector512.ConditionalSelect(
            Vector512.GreaterThan(best, Vector512.Create(float.MinValue)).AsInt32(), at, Vector512<int>.AllBitsSet);
        if (count >= Lanes.Count)
        {
            best.Store(y);
            if (TPlaces.Noted)
                at.Store(places);
        }
        else
        {
            Lanes.Store(best, y, count);
            if (TPlaces.Noted)
                Lanes.Store(at.AsSingle(), (float*)places, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scalar<TPlaces>(in PoolingGeometry g, float* cells, float* y, int* places)
        where TPlaces : struct, IPlaces
    {
        for (int ph = 0; ph < g.PooledHeight; ph++)
        {
            (int top, int bottom) = g.RowsOf(ph);
            for (int pw = 0; pw < g.PooledWidth; pw++)
            {
                (int left, int right) = g.ColumnsOf(pw);
                float best = float.MinValue;
                int at = -1;
                for (int h = top; h < bottom; h++)
                {
                    for (int place = (h * g.Width) + left; place < (h * g.Width) + right; place++)
                    {
                        if (cells[place] > best)
                            (best, at) = (cells[place], place);
                    }
                }

                *y++ = best;
                if (TPlaces.Noted)
                    *places++ = at;
            }
        }
    }

    // Which cells of a row of windows may lie beside the plane.
    private readonly struct Edges
    {
        public readonly int Kernel;
        public readonly bool Cut0;
        public readonly bool Cut1;
        public readonly bool Cut2;
        private readonly int _width;
        private readonly int _inside;
        private readonly int _outside;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Edges(in PoolingGeometry g)
        {
            (Kernel, _width, _inside) = (g.KernelW, g.Width, g.PadW);
            _outside = g.Width + g.PadW - ((g.PooledWidth - 1) * g.StrideW);
            (Cut0, Cut1, Cut2) = (Cuts(0), Cuts(1), Cuts(2));
        }

        public bool Cuts(int cell) => cell < _inside || cell >= _outside;

        // The values of a cell on the plane; beside it the least number.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Cut(Vector512<float> value, int* columns, int cell) => Vector512.ConditionalSelect(
            Vector512.LessThan(
                (Vector512.Load(columns) + Vector512.Create(cell)).AsUInt32(), Vector512.Create((uint)_width))
                .AsSingle(),
            value, Vector512.Create(float.MinValue));
    }

    // Lengths the compiler knows; 0: not known.
    private interface ILength
    {
        static abstract int Value { get; }
    }

    private readonly struct Any : ILength
    {
        public static int Value => 0;
    }

    private readonly struct Dense : ILength
    {
        public static int Value => 1;
    }

    private readonly struct Halved : ILength
    {
        public static int Value => 2;
    }

    private readonly struct Two : ILength
    {
        public static int Value => 2;
    }

    private readonly struct Three : ILength
    {
        public static int Value => 3;
    }
}
