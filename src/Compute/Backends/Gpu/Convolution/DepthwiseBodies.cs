using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Gpu.Kernels;

namespace CaffeActors.Compute.Backends.Gpu.Convolution;

/// <summary>The sizes of a convolution of one input channel a group.</summary>
/// <param name="channels">Input channels.</param>
/// <param name="multiple">Output channels of each.</param>
/// <param name="taps">Cells of the kernel.</param>
/// <param name="inputPlane">Numbers of an input channel.</param>
/// <param name="outputPlane">Numbers of an output channel.</param>
internal readonly struct DepthwiseShape(int channels, int multiple, int taps, int inputPlane, int outputPlane)
{
    public readonly GpuDivisor Channels = new(channels), Multiple = new(multiple), Taps = new(taps);
    public readonly int InputPlane = inputPlane, OutputPlane = outputPlane;
}

/// <summary>y = x * w + bias: a thread for each output.</summary>
internal readonly struct DepthwiseForward(
    DepthwiseShape shape, PatchView patches, Values x, Values w, Values bias, int hasBias, Values y) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i)
    {
        // The plane's number counts images times outputs; so divided by the multiple it is the input plane's.
        int plane = patches.Places.Quotient(i), source = shape.Multiple.Quotient(plane);
        int channel = shape.Channels.Rest(source, shape.Channels.Quotient(source));
        int output = (channel * shape.Multiple.Divisor) + shape.Multiple.Rest(plane, source);
        GpuCursor place = patches.Place(source * shape.InputPlane, patches.Places.Rest(i, plane));
        float sum = 0;
        for (int cell = 0; cell < shape.Taps.Divisor; cell++)
        {
            int partner = patches.Partner(place, patches.Cell(0, cell));
            if (partner >= 0)
                sum += x[place.X + partner] * w[(output * shape.Taps.Divisor) + cell];
        }

        y.Set(i, hasBias != 0 ? sum + bias[output] : sum);
    }
}

/// <summary>The inputs' gradient at some places: a thread for each.</summary>
internal readonly struct DepthwiseData(
    DepthwiseShape shape, PatchView patches, Values dy, Values w, Values bias, int hasBias, Values dx) : IGpuBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke(int i)
    {
        int plane = patches.Places.Quotient(i), number = patches.Places.Rest(i, plane);
        int channel = shape.Channels.Rest(plane, shape.Channels.Quotient(plane)), multiple = shape.Multiple.Divisor;
        GpuCursor place = patches.Place(0, number);
        float sum = 0;
        for (int cell = 0; cell < patches.Cells.Divisor; cell++)
        {
            // A table of no cells divides by one.
            int partner = patches.HasCells ? patches.Partner(place, patches.Cell(0, cell)) : -1;
            if (partner < 0)
                continue;
            for (int output = 0; output < multiple; output++)
            {
                sum += dy[(((plane * multiple) + output) * shape.OutputPlane) + partner]
                    * w[(((channel * multiple) + output) * shape.Taps.Divisor) + patches.KernelCell(cell)];
            }
        }

        dx.Set((plane * shape.InputPlane) + patches.OffsetOf(number), hasBias != 0 ? sum + bias[channel] : sum);
    }
}

/// <summary>The terms of the weights' gradient: a row for each output channel and cell, a term for each image and
/// place.</summary>
internal readonly struct DepthwiseTerm(DepthwiseShape shape, PatchView patches, Values x, Values dy) : IGpuTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(int row, int k)
    {
        int output = shape.Taps.Quotient(row), image = patches.Places.Quotient(k);
        int number = patches.Places.Rest(k, image), channels = shape.Channels.Divisor;
        int source = (image * channels) + shape.Multiple.Quotient(output);
        GpuCursor place = patches.Place(source * shape.InputPlane, number);
        int partner = patches.Partner(place, patches.Cell(0, shape.Taps.Rest(row, output)));
        int target = (image * channels * shape.Multiple.Divisor) + output;
        return partner < 0 ? 0 : x[place.X + partner] * dy[(target * shape.OutputPlane) + number];
    }
}
