using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Backends.Cpu.Convolution;

namespace CaffeActors.Compute.Layers.Convolution;

/// <summary>
/// The matrix of all patches of a plane (one channel of one image): a row for each kernel cell, a column for each
/// output place. Planes are independent of each other: each is one thread's.
/// </summary>
internal sealed unsafe class PatchLayout
{
    private readonly SpatialAxis[] _axes;
    private readonly int _plane;
    private readonly int _taps;
    private readonly int _outerOutputs;

    /// <summary>Takes the spatial axes, outermost first, at least one.</summary>
    public PatchLayout(SpatialAxis[] axes)
    {
        _axes = axes;
        _plane = _taps = _outerOutputs = 1;
        for (int a = 0; a < axes.Length; a++)
        {
            _plane = checked(_plane * axes[a].Input);
            _taps = checked(_taps * axes[a].Kernel);
            if (a < axes.Length - 1)
                _outerOutputs = checked(_outerOutputs * axes[a].Output);
        }
    }

    private long Columns => (long)_outerOutputs * _axes[^1].Output;

    /// <summary>Copies the patches of all planes: im2col.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="planes">Number of planes.</param>
    /// <param name="images">The planes.</param>
    /// <param name="patches">Receives a matrix for each plane.</param>
    public void Gather(CpuDevice device, int planes, float* images, float* patches) =>
        Rowwise.Run(device, planes, _taps * Columns, new Body(this, images, patches, false));

    /// <summary>Adds up what each number of the planes was copied to: col2im.</summary>
    /// <param name="device">Whose threads.</param>
    /// <param name="planes">Number of planes.</param>
    /// <param name="patches">A matrix for each plane.</param>
    /// <param name="images">The planes, overwritten.</param>
    public void Scatter(CpuDevice device, int planes, float* patches, float* images) =>
        Rowwise.Run(device, planes, _taps * Columns, new Body(this, images, patches, true));

    private void Plane(float* image, float* patches, bool scatter)
    {
        if (scatter)
            new Span<float>(image, _plane).Clear();
        SpatialAxis last = _axes[^1];
        for (int tap = 0; tap < _taps; tap++)
        {
            // Output places whose cell lies inside along the last axis: [from, to).
            int shift = (tap % last.Kernel * last.Dilation) - last.Pad;
            int from = Math.Clamp(CeilingOf(-shift, last.Stride), 0, last.Output);
            int to = Math.Clamp(CeilingOf(last.Input - shift, last.Stride), from, last.Output);
            for (int outer = 0; outer < _outerOutputs; outer++, patches += last.Output)
            {
                long row = RowOf(outer, tap / last.Kernel);
                float* source = image + row + shift;
                if (scatter)
                {
                    if (row >= 0)
                        AddRow(patches, source, last.Stride, from, to);
                }
                else if (row >= 0)
                {
                    new Span<float>(patches, from).Clear();
                    CopyRow(source, patches, last.Stride, from, to);
                    new Span<float>(patches + to, last.Output - to).Clear();
                }
                else
                {
                    new Span<float>(patches, last.Output).Clear();
                }
            }
        }
    }

    // Where the row of an output place and cell starts, both counted over all axes but the last; -1 outside the plane.
    private long RowOf(int output, int cell)
    {
        long offset = 0, step = _axes[^1].Input;
        for (int a = _axes.Length - 2; a >= 0; a--)
        {
            SpatialAxis axis = _axes[a];
            (output, int place) = Math.DivRem(output, axis.Output);
            (cell, int q) = Math.DivRem(cell, axis.Kernel);
            int at = (place * axis.Stride) - axis.Pad + (q * axis.Dilation);
            if ((uint)at >= (uint)axis.Input)
                return -1;
            offset += at * step;
            step *= axis.Input;
        }

        return offset;
    }

    // Rounded up, for negative numbers too.
    private static int CeilingOf(int number, int divisor) =>
        (number / divisor) + (number > 0 && number % divisor != 0 ? 1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRow(float* source, float* target, int stride, int from, int to)
    {
        if (stride == 1)
        {
            new ReadOnlySpan<float>(source + from, to - from).CopyTo(new Span<float>(target + from, to - from));
            return;
        }

        for (int i = from; i < to; i++)
            target[i] = source[(long)i * stride];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRow(float* source, float* target, int stride, int from, int to)
    {
        int i = from;
        if (stride == 1)
        {
            for (; i + 16 <= to; i += 16)
                (Vector512.Load(target + i) + Vector512.Load(source + i)).Store(target + i);
        }

        for (; i < to; i++)
            target[(long)i * stride] += source[i];
    }

    private readonly struct Body(PatchLayout layout, float* images, float* patches, bool scatter) : IRowBody
    {
        public void Invoke(int from, int to, int worker)
        {
            for (int plane = from; plane < to; plane++)
            {
                layout.Plane(
                    images + ((long)plane * layout._plane), patches + (plane * layout._taps * layout.Columns), scatter);
            }
        }
    }
}
