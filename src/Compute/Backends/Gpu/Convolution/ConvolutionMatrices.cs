using System.Runtime.CompilerServices;
using CaffeActors.Compute.Backends.Gpu.Kernels;

namespace CaffeActors.Compute.Backends.Gpu.Convolution;

/// <summary>
/// What a convolution multiplies its weights by, looked up as it is needed: a row for each channel of a group and
/// kernel cell, a column for each image and place. A product is a group.
/// </summary>
/// <param name="values">The images.</param>
/// <param name="patches">Where their numbers lie.</param>
/// <param name="plane">Numbers of a channel.</param>
/// <param name="groupStride">Numbers of a group's channels.</param>
/// <param name="imageStride">Numbers of an image.</param>
internal readonly struct PatchMatrix(Values values, PatchView patches, int plane, int groupStride, int imageStride)
    : IGpuMatrix
{
    public int RowsRun => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Row(int batch, int row)
    {
        int channel = patches.Cells.Quotient(row);
        return patches.Cell((batch * groupStride) + (channel * plane), patches.Cells.Rest(row, channel));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column)
    {
        int image = patches.Places.Quotient(column);
        return patches.Place(image * imageStride, patches.Places.Rest(column, image));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(GpuCursor row, GpuCursor column)
    {
        int partner = patches.Partner(column, row);
        return partner < 0 ? 0 : values[row.X + column.X + partner];
    }
}

/// <summary>The images as they are: a row for each channel of a group, a column for each image and place.</summary>
/// <param name="values">The images.</param>
/// <param name="plane">Numbers of a channel.</param>
/// <param name="groupStride">Numbers of a group's channels.</param>
/// <param name="imageStride">Numbers of an image.</param>
internal readonly struct ChannelMatrix(Values values, GpuDivisor plane, int groupStride, int imageStride) : IGpuMatrix
{
    public int RowsRun => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Row(int batch, int row) => new((batch * groupStride) + (row * plane.Divisor));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column)
    {
        int image = plane.Quotient(column);
        return new((image * imageStride) + plane.Rest(column, image));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(GpuCursor row, GpuCursor column) => values[row.X + column.X];
}

/// <summary>
/// The weights as the data gradient takes them: a row for each input channel of a group, a column for each output
/// channel of it and kernel cell of some places.
/// </summary>
/// <param name="weights">The weights.</param>
/// <param name="patches">The places and their cells.</param>
/// <param name="taps">Cells of the whole kernel.</param>
/// <param name="outputStride">Weights of an output channel.</param>
/// <param name="groupStride">Weights of a group.</param>
internal readonly struct GradientWeights(
    Values weights, PatchView patches, int taps, int outputStride, int groupStride) : IGpuMatrix
{
    public int RowsRun => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Row(int batch, int row) => new((batch * groupStride) + (row * taps));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column)
    {
        int output = patches.Cells.Quotient(column);
        return new((output * outputStride) + patches.KernelCell(patches.Cells.Rest(column, output)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float At(GpuCursor row, GpuCursor column) => weights[row.X + column.X];
}

/// <summary>Images that are written: a row for each channel of a group, a column for each image and place.</summary>
/// <param name="values">The images.</param>
/// <param name="plane">Numbers of a channel.</param>
/// <param name="channels">Channels of a group.</param>
/// <param name="imageStride">Numbers of an image.</param>
/// <param name="bias">A number to add for each channel of all groups.</param>
/// <param name="hasBias">1 where there is one, else 0.</param>
internal readonly struct ChannelTarget(
    Values values, GpuDivisor plane, int channels, int imageStride, Values bias, int hasBias) : IGpuTarget
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column)
    {
        int image = plane.Quotient(column);
        int first = (image * imageStride) + (batch * channels * plane.Divisor);
        return new(first + plane.Rest(column, image), batch * channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int row, GpuCursor column, float value) =>
        values.Set(column.X + (row * plane.Divisor), hasBias != 0 ? value + bias[column.Y + row] : value);
}

/// <summary>The same for some places of the planes.</summary>
/// <param name="values">The images.</param>
/// <param name="patches">The places.</param>
/// <param name="plane">Numbers of a channel.</param>
/// <param name="channels">Channels of a group.</param>
/// <param name="imageStride">Numbers of an image.</param>
/// <param name="bias">A number to add for each channel of all groups.</param>
/// <param name="hasBias">1 where there is one, else 0.</param>
internal readonly struct PlaceTarget(
    Values values, PatchView patches, int plane, int channels, int imageStride, Values bias, int hasBias) : IGpuTarget
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuCursor Column(int batch, int column)
    {
        int image = patches.Places.Quotient(column);
        int first = (image * imageStride) + (batch * channels * plane);
        return new(first + patches.OffsetOf(patches.Places.Rest(column, image)), batch * channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int row, GpuCursor column, float value) =>
        values.Set(column.X + (row * plane), hasBias != 0 ? value + bias[column.Y + row] : value);
}
