using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// How a channel of a source lies in memory while a convolution reads it: as it is, or as a copy with zeros around it
/// in which the numbers of the last axis are sorted by their phase (position modulo stride), so that neighbouring
/// outputs read neighbouring numbers. A copy may hold a band of the first axis only.
/// </summary>
internal sealed unsafe class SourceLayout
{
    private readonly int[] _source;
    private readonly int[] _origin;
    private readonly int[] _length;
    private readonly int[] _pitch;
    private readonly int[] _middle;

    /// <summary>Describes a layout.</summary>
    /// <param name="source">Lengths of the source's axes, at least two.</param>
    /// <param name="origin">For each axis, where the source's first number lies in the copy; may be negative.</param>
    /// <param name="length">For each axis, the length of the copy.</param>
    /// <param name="band">The most positions of the first axis that are held at a time.</param>
    /// <param name="stride">Number of phases of the last axis.</param>
    public SourceLayout(int[] source, int[] origin, int[] length, int band, int stride)
    {
        _source = source;
        _origin = origin;
        _length = length;
        Stride = stride;
        int axes = source.Length;
        // Nothing to add and nothing to sort: the source itself will do, whatever of it is left unread.
        IsDirect = stride == 1 && origin.All(o => o == 0) && !length.Where((l, a) => l > source[a]).Any();
        int[] held = IsDirect ? source : [band, .. length[1..]];
        _pitch = new int[axes];
        int step = 1;
        for (int a = axes - 1; a >= 0; a--)
        {
            _pitch[a] = step;
            step = checked(step * (a == axes - 1 ? (held[a] + stride - 1) / stride * stride : held[a]));
        }

        Plane = step;
        _middle = MiddleRows();
    }

    /// <summary>Whether the source is read where it lies.</summary>
    public bool IsDirect { get; }

    /// <summary>Number of phases of the last axis.</summary>
    public int Stride { get; }

    /// <summary>Numbers from a channel to the next.</summary>
    public int Plane { get; }

    /// <summary>Numbers from a position of the first axis to the next.</summary>
    public int FirstPitch => _pitch[0];

    /// <summary>Where a position (of the copy) lies in a channel.</summary>
    public int Offset(ReadOnlySpan<int> position)
    {
        int last = position.Length - 1, offset = 0;
        for (int a = 0; a < last; a++)
            offset += position[a] * _pitch[a];
        int row = _pitch[last - 1];
        return offset + (position[last] % Stride * (row / Stride)) + (position[last] / Stride);
    }

    /// <summary>Makes the copy of a band. Up to 15 numbers past its end are overwritten.</summary>
    /// <param name="from">First channel of the source.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="first">First position of the first axis.</param>
    /// <param name="count">Positions of the first axis.</param>
    /// <param name="to">Room for <see cref="Plane"/> numbers a channel, and a register.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Copy(float* from, int channels, int first, int count, float* to)
    {
        int axes = _source.Length, row = _pitch[axes - 2], middle = _middle.Length;
        int sourceRow = _source[axes - 1], sourceFirst = 1;
        for (int a = 1; a < axes; a++)
            sourceFirst *= _source[a];
        nint sourcePlane = (nint)_source[0] * sourceFirst;
        for (int channel = 0; channel < channels; channel++)
        {
            float* target = to;
            for (int i = first; i < first + count; i++)
            {
                int position = i - _origin[0];
                bool inside = (uint)position < (uint)_source[0];
                for (int m = 0; m < middle; m++)
                {
                    int offset = _middle[m];
                    if (inside && offset >= 0)
                        CopyRow(from + ((nint)position * sourceFirst) + offset, sourceRow, target, row);
                    else
                        Clear(target, 0, row);
                    target += row;
                }
            }

            from += sourcePlane;
            to += Plane;
        }
    }

    /// <summary>The way back of <see cref="Copy"/>, for a layout that holds the whole first axis.</summary>
    /// <param name="from">The copy.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="to">First channel of the source; places that the copy leaves out are not written.</param>
    public void CopyBack(float* from, int channels, float* to)
    {
        int axes = _source.Length, row = _pitch[axes - 2], middle = _middle.Length;
        int sourceFirst = 1;
        for (int a = 1; a < axes; a++)
            sourceFirst *= _source[a];
        for (int channel = 0; channel < channels; channel++)
        {
            float* copy = from;
            for (int i = 0; i < _length[0]; i++)
            {
                int position = i - _origin[0];
                for (int m = 0; m < middle; m++, copy += row)
                {
                    if ((uint)position < (uint)_source[0] && _middle[m] >= 0)
                        CopyRowBack(copy, to + ((nint)position * sourceFirst) + _middle[m], row);
                }
            }

            from += Plane;
            to += (nint)_source[0] * sourceFirst;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyRowBack(float* from, float* to, int row)
    {
        int origin = _origin[^1], length = _length[^1];
        int start = Math.Clamp(origin, 0, length), end = Math.Clamp(origin + _source[^1], start, length);
        to -= origin;
        if (Stride == 1)
        {
            new ReadOnlySpan<float>(from + start, end - start).CopyTo(new Span<float>(to + start, end - start));
            return;
        }

        int width = row / Stride;
        for (int phase = 0; phase < Stride; phase++)
        {
            int a = (Math.Max(0, start - phase) + Stride - 1) / Stride;
            int b = (Math.Max(0, end - phase) + Stride - 1) / Stride;
            float* source = from + (phase * width), target = to + phase;
            for (int i = a; i < b; i++)
                target[i * Stride] = source[i];
        }
    }

    // Rows are written from left to right and in order: what spills over an end is overwritten by what comes next.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CopyRow(float* from, int length, float* to, int row)
    {
        int origin = _origin[^1], copied = _length[^1];
        int start = Math.Clamp(origin, 0, copied), end = Math.Clamp(origin + length, start, copied);
        if (Stride == 1)
        {
            Clear(to, 0, start);
            float* source = from - origin;
            for (int i = start; i < end; i += 16)
                Vector512.Load(source + i).Store(to + i);
            Clear(to, end, row);
            return;
        }

        int width = row / Stride;
        for (int phase = 0; phase < Stride; phase++)
        {
            // Positions phase, phase + stride, ... that lie in [start, end).
            int a = (Math.Max(0, start - phase) + Stride - 1) / Stride;
            int b = (Math.Max(0, end - phase) + Stride - 1) / Stride;
            float* target = to + (phase * width);
            Clear(target, 0, a);
            float* source = from + phase - origin;
            int i = a;
            if (Stride == 2 && Avx512F.IsSupported)
            {
                Vector512<int> even = Vector512<int>.Indices * 2;
                for (; i + 16 <= b; i += 16)
                {
                    float* pair = source + (2 * i);
                    Avx512F.PermuteVar16x32x2(Vector512.Load(pair), even, Vector512.Load(pair + 16)).Store(target + i);
                }
            }

            for (; i < b; i++)
                target[i] = source[i * Stride];
            Clear(target, b, width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(float* to, int from, int end)
    {
        for (; from < end; from += 16)
            Vector512<float>.Zero.Store(to + from);
    }

    // For each place of the axes between the first and the last: the source's row, or -1 where zeros stand.
    private int[] MiddleRows()
    {
        int axes = _source.Length, count = 1;
        for (int a = 1; a < axes - 1; a++)
            count *= _length[a];
        int[] rows = new int[count];
        for (int m = 0; m < count; m++)
        {
            int rest = m, step = _source[axes - 1], offset = 0;
            for (int a = axes - 2; a > 0; a--)
            {
                int position = (rest % _length[a]) - _origin[a];
                rest /= _length[a];
                if (offset >= 0)
                    offset = (uint)position < (uint)_source[a] ? offset + (position * step) : -1;
                step *= _source[a];
            }

            rows[m] = offset;
        }

        return rows;
    }
}
