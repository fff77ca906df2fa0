namespace CaffeActors.Compute.Backends.Cpu.Convolution;

/// <summary>
/// Targets of an implicit product that share one set of kernel cells: all of them, or, for the data gradient of a
/// strided convolution, those at one place modulo the stride. A unit is one position of the first axis; a row runs
/// along the last axis.
/// </summary>
internal sealed unsafe class PixelPhase
{
    private readonly int[] _offsets;
    private readonly int[] _rows;
    private readonly int[] _targets;

    /// <summary>Describes a phase.</summary>
    /// <param name="layout">The source.</param>
    /// <param name="channels">Source channels of a group.</param>
    /// <param name="taps">The kernel cells that take part, by their number in the whole kernel.</param>
    /// <param name="tapOffsets">Where each of them lies in a source channel.</param>
    /// <param name="counts">Number of targets along each axis.</param>
    /// <param name="stride">Source positions from a target to the next along each axis; 1 along the last.</param>
    /// <param name="targetPitch">Numbers from a target to the next along each axis.</param>
    /// <param name="targetOrigin">Where the first target lies in its channel.</param>
    /// <param name="bandUnits">The most units computed at a time.</param>
    public PixelPhase(
        SourceLayout layout, int channels, int[] taps, int[] tapOffsets,
        int[] counts, int[] stride, int[] targetPitch, int targetOrigin, int bandUnits)
    {
        Taps = taps;
        Depth = checked(channels * taps.Length);
        _offsets = GC.AllocateUninitializedArray<int>(Math.Max(1, Depth), pinned: true);
        for (int k = 0; k < Depth; k++)
            _offsets[k] = checked((k / taps.Length * layout.Plane) + tapOffsets[k % taps.Length]);
        int last = counts.Length - 1;
        Units = counts[0];
        RowLength = counts[last];
        RowsOfUnit = 1;
        for (int a = 1; a < last; a++)
            RowsOfUnit *= counts[a];
        TargetOrigin = targetOrigin;
        TargetStep = targetPitch[last];
        UnitStep = targetPitch[0];
        _rows = GC.AllocateUninitializedArray<int>(Math.Max(1, bandUnits * RowsOfUnit), pinned: true);
        _targets = GC.AllocateUninitializedArray<int>(_rows.Length, pinned: true);
        int[] position = new int[counts.Length];
        for (int r = 0; r < bandUnits * RowsOfUnit; r++)
        {
            int rest = r, target = 0;
            for (int a = last - 1; a >= 0; a--)
            {
                int index = a == 0 ? rest : rest % counts[a];
                rest = a == 0 ? 0 : rest / counts[a];
                position[a] = index * stride[a];
                target += index * targetPitch[a];
            }

            _rows[r] = layout.Offset(position);
            _targets[r] = target;
        }

        IsContiguous = TargetStep == 1;
        for (int r = 0; r < bandUnits * RowsOfUnit; r++)
            IsContiguous &= _targets[r] == r * RowLength;
    }

    /// <summary>Kernel cells that take part.</summary>
    public int[] Taps { get; }

    /// <summary>Length of the sums: source channels of a group times cells.</summary>
    public int Depth { get; }

    /// <summary>Number of units.</summary>
    public int Units { get; }

    /// <summary>Rows of a unit.</summary>
    public int RowsOfUnit { get; }

    /// <summary>Targets of a row.</summary>
    public int RowLength { get; }

    /// <summary>Where the first target lies in its channel.</summary>
    public int TargetOrigin { get; }

    /// <summary>From a target of a row to the next.</summary>
    public int TargetStep { get; }

    /// <summary>From a unit to the next.</summary>
    public int UnitStep { get; }

    /// <summary>Whether the targets of a band follow each other without gaps.</summary>
    public bool IsContiguous { get; }

    /// <summary>Where each k of a sum lies, from the place of a target's first cell.</summary>
    public int* Offsets => Pointer(_offsets);

    /// <summary>Where each row of a band starts in the source.</summary>
    public int* Rows => Pointer(_rows);

    /// <summary>Where each row of a band starts in the target, from the band's first.</summary>
    public int* Targets => Pointer(_targets);

    // The arrays are pinned for as long as they live.
    private static int* Pointer(int[] array) => (int*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref array[0]);
}
