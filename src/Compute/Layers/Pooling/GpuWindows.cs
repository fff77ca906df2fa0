using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Gpu.Kernels;
using ILGPU;

namespace CaffeActors.Compute.Layers.Pooling;

/// <summary>
/// Where the windows of a pooling lie, as kernels see it: of each window its rows and columns by arithmetic and its
/// slices by a table, of each place the windows it belongs to. And where the results of a plane are, which may be a
/// part of something larger (a level of a pyramid).
/// </summary>
internal readonly struct GpuWindows
{
    /// <summary>Divide by the windows and the places of a plane.</summary>
    public readonly GpuDivisor Pooled, Places;

    private readonly ArrayView<int> _slices;
    private readonly GpuDivisor _pooledSlice, _pooledWidth, _slice, _width, _channels;
    private readonly int _height, _pooledHeight, _kernelH, _kernelW, _strideH, _strideW, _padH, _padW;
    private readonly int _windows, _imageStride, _offset;

    /// <summary>Takes the geometry.</summary>
    /// <param name="g">Windows on a slice.</param>
    /// <param name="outer">Windows over slices.</param>
    /// <param name="slices"><see cref="OuterWindows.Table"/> in the accelerator's memory.</param>
    /// <param name="channels">Planes whose results lie one after the other.</param>
    /// <param name="imageStride">From where those begin to where the next planes' do.</param>
    /// <param name="offset">Where the first one's begin.</param>
    public GpuWindows(
        in PoolingGeometry g, OuterWindows outer, ArrayView<int> slices, int channels, int imageStride, int offset)
    {
        Pooled = new GpuDivisor(outer.Count * g.PooledSize);
        Places = new GpuDivisor(outer.Slices * g.PlaneSize);
        _slices = slices;
        (_pooledSlice, _pooledWidth) = (new GpuDivisor(g.PooledSize), new GpuDivisor(g.PooledWidth));
        (_slice, _width, _channels) = (new GpuDivisor(g.PlaneSize), new GpuDivisor(g.Width), new GpuDivisor(channels));
        (_height, _pooledHeight) = (g.Height, g.PooledHeight);
        (_kernelH, _kernelW, _strideH, _strideW) = (g.KernelH, g.KernelW, g.StrideH, g.StrideW);
        (_padH, _padW, _windows, _imageStride, _offset) = (g.PadH, g.PadW, outer.Count, imageStride, offset);
    }

    /// <summary>Where the results of a plane begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ResultsOf(int plane)
    {
        int image = _channels.Quotient(plane);
        return _offset + (image * _imageStride) + (_channels.Rest(plane, image) * Pooled.Divisor);
    }

    /// <summary>The places of a window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuWindow Window(int window)
    {
        int outer = _pooledSlice.Quotient(window), rest = _pooledSlice.Rest(window, outer);
        int ph = _pooledWidth.Quotient(rest), pw = _pooledWidth.Rest(rest, ph);
        int top = (ph * _strideH) - _padH, left = (pw * _strideW) - _padW;
        int divisorH = IntrinsicMath.Max(1, IntrinsicMath.Min(top + _kernelH, _height + _padH) - top);
        int divisorW = IntrinsicMath.Max(1, IntrinsicMath.Min(left + _kernelW, _width.Divisor + _padW) - left);
        return new(
            _slices[outer], _slices[outer + 1],
            Clamped(top, _height), Clamped(top + _kernelH, _height),
            Clamped(left, _width.Divisor), Clamped(left + _kernelW, _width.Divisor),
            divisorH * (float)divisorW * Interop.IntAsFloat((uint)_slices[_windows + 1 + outer]));
    }

    /// <summary>The offset of one of a window's slices on the plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int SliceOffset(int member) => _slices[member] * _slice.Divisor;

    /// <summary>The width of a slice.</summary>
    public int Width => _width.Divisor;

    /// <summary>The windows a place belongs to: numbers of slices' windows in the table, rows and columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuWindow Around(int place)
    {
        int slice = _slice.Quotient(place), rest = _slice.Rest(place, slice);
        int h = _width.Quotient(rest) + _padH, w = _width.Rest(rest, h - _padH) + _padW;
        int list = (2 * _windows) + 1 + slice;
        return new(
            _slices[list], _slices[list + 1],
            h < _kernelH ? 0 : ((h - _kernelH) / _strideH) + 1,
            IntrinsicMath.Min((h / _strideH) + 1, _pooledHeight),
            w < _kernelW ? 0 : ((w - _kernelW) / _strideW) + 1,
            IntrinsicMath.Min((w / _strideW) + 1, _pooledWidth.Divisor), 0);
    }

    /// <summary>The number of the first of a row's windows.</summary>
    /// <param name="member">Which entry of the table names the outer window.</param>
    /// <param name="row">The row of windows.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int RowOfWindows(int member, int row) =>
        (_slices[member] * _pooledSlice.Divisor) + (row * _pooledWidth.Divisor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Clamped(int place, int length) => IntrinsicMath.Max(0, IntrinsicMath.Min(place, length));
}

/// <summary>A box: from and to, the latter left out, of entries of the table of slices, rows and columns; and what an
/// average over it divides by.</summary>
internal readonly struct GpuWindow(int from, int to, int top, int bottom, int left, int right, float divisor)
{
    public readonly int From = from, To = to, Top = top, Bottom = bottom, Left = left, Right = right;
    public readonly float Divisor = divisor;
}
