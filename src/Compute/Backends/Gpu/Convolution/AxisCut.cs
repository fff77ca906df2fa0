using CaffeActors.Compute.Backends.Cpu.Convolution;

namespace CaffeActors.Compute.Backends.Gpu.Convolution;

/// <summary>
/// Some places of a spatial axis, and the kernel's cells that meet something there: for each pair, which number of the
/// axis' other side.
/// </summary>
/// <param name="Places">The places, rising.</param>
/// <param name="Cells">The cells, rising.</param>
/// <param name="Side">Length of the axis on the side of the places.</param>
/// <param name="Other">Length of the axis on the other side.</param>
/// <param name="Kernel">Cells of the whole axis.</param>
/// <param name="Partners">For each cell and place (in <paramref name="Cells"/>' order, places inside): the number of
/// the other side, -1 for none.</param>
internal sealed record AxisCut(int[] Places, int[] Cells, int Side, int Other, int Kernel, int[] Partners)
{
    /// <summary>All outputs of an axis and the inputs they see.</summary>
    public static AxisCut Outputs(SpatialAxis axis)
    {
        int[] places = [.. Enumerable.Range(0, axis.Output)], cells = [.. Enumerable.Range(0, axis.Kernel)];
        return Of(axis, places, cells, axis.Output, axis.Input, Partner);

        int Partner(int place, int cell)
        {
            long input = ((long)place * axis.Stride) - axis.Pad + ((long)cell * axis.Dilation);
            return input >= 0 && input < axis.Input ? (int)input : -1;
        }
    }

    /// <summary>
    /// The inputs of an axis and the outputs that see them, cut so that each cut's cells are of use at all of its
    /// places: one cut for each remainder of the places by the stride.
    /// </summary>
    public static AxisCut[] Inputs(SpatialAxis axis)
    {
        return [.. Enumerable.Range(0, Math.Min(axis.Stride, axis.Input)).Select(Cut)];

        AxisCut Cut(int remainder)
        {
            int[] places = [.. Enumerable.Range(0, axis.Input).Where(place => place % axis.Stride == remainder)];
            int[] cells =
                [.. Enumerable.Range(0, axis.Kernel).Where(cell => Shifted(remainder, cell) % axis.Stride == 0)];
            return Of(axis, places, cells, axis.Input, axis.Output, Partner);
        }

        long Shifted(int place, int cell) => (long)place + axis.Pad - ((long)cell * axis.Dilation);

        int Partner(int place, int cell)
        {
            long output = Shifted(place, cell) / axis.Stride;
            return Shifted(place, cell) >= 0 && output < axis.Output ? (int)output : -1;
        }
    }

    private static AxisCut Of(
        SpatialAxis axis, int[] places, int[] cells, int side, int other, Func<int, int, int> partner) =>
        new(places, cells, side, other, axis.Kernel,
            [.. cells.SelectMany(cell => places.Select(place => partner(place, cell)))]);
}
