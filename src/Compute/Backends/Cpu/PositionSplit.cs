namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Splits the positions of an array (outer, classes, inner) into tasks of some <see cref="CpuDevice.Grain"/> elements:
/// position p is item p / inner, place p % inner. The split follows from the shape, not from the threads.
/// </summary>
/// <param name="outer">Items.</param>
/// <param name="classes">Length of the axis that is worked on, at least 1.</param>
/// <param name="inner">Positions of an item.</param>
public readonly struct PositionSplit(int outer, int classes, int inner)
{
    // Whole registers of positions.
    private readonly int _block = Math.Max(16, (CpuDevice.Grain / Math.Max(1, classes)) & ~15);

    /// <summary>Length of the axis that is worked on.</summary>
    public int Classes => classes;

    /// <summary>Positions of an item.</summary>
    public int Inner => inner;

    /// <summary>Number of positions.</summary>
    public int Count => outer * inner;

    /// <summary>Number of tasks.</summary>
    public int Tasks => (int)(((long)Count + _block - 1) / _block);

    /// <summary>The positions [From, To) of a task.</summary>
    public (int From, int To) Of(int task) => (task * _block, (int)Math.Min(Count, ((long)task + 1) * _block));

    /// <summary>Where the value of a position's class is.</summary>
    public long IndexOf(int position, int @class) =>
        (((((long)position / inner) * classes) + @class) * inner) + (position % inner);

    /// <summary>The positions from one on that belong to the same item: their values lie side by side.</summary>
    /// <param name="position">The first position.</param>
    /// <param name="to">The end of the task.</param>
    /// <returns>Where the first position's class 0 is, and how many positions there are.</returns>
    public (long Offset, int Length) Run(int position, int to)
    {
        int item = position / inner, place = position % inner;
        return (((long)item * classes * inner) + place, Math.Min(to - position, inner - place));
    }
}
