namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// Input positions of one axis that are equal modulo the stride, and the kernel cells that reach them: position
/// First + q * stride gets a part of output q + Steps[i] through cell Cells[i].
/// </summary>
/// <param name="First">The first position.</param>
/// <param name="Count">Number of positions, at least 1.</param>
/// <param name="Cells">Kernel cells; may be none.</param>
/// <param name="Steps">For each cell, the output that it brings to the first position; may lie outside.</param>
internal sealed record AxisPhase(int First, int Count, int[] Cells, int[] Steps)
{
    /// <summary>The phases of an axis, those without positions left out.</summary>
    public static AxisPhase[] Of(SpatialAxis axis) =>
    [
        .. Enumerable.Range(0, Math.Min(axis.Stride, axis.Input)).Select(first =>
        {
            int[] cells = [.. Enumerable.Range(0, axis.Kernel).Where(cell => Place(first, cell) % axis.Stride == 0)];
            int[] steps = [.. cells.Select(cell => Place(first, cell) / axis.Stride)];
            return new AxisPhase(first, (axis.Input - first + axis.Stride - 1) / axis.Stride, cells, steps);

            // Of the kernel's first cell in the padded input, when this cell is at that position.
            int Place(int position, int cell) => position + axis.Pad - (cell * axis.Dilation);
        }),
    ];

    /// <summary>Every choice of one phase for each axis, the last axis running fastest.</summary>
    public static IEnumerable<AxisPhase[]> Combinations(AxisPhase[][] perAxis) =>
        perAxis.Aggregate(
            (IEnumerable<AxisPhase[]>)[[]],
            (heads, phases) => heads.SelectMany(head => phases.Select(phase => (AxisPhase[])[.. head, phase])));
}
