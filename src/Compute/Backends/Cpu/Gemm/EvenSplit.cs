namespace CaffeActors.Compute.Backends.Cpu.Gemm;

/// <summary>A length cut into parts that differ by at most one.</summary>
/// <param name="Length">The length.</param>
/// <param name="Parts">Number of parts, at least 1.</param>
internal readonly record struct EvenSplit(int Length, int Parts)
{
    /// <summary>The longest part.</summary>
    public int Most => (Length + Parts - 1) / Parts;

    /// <summary>The rows of a left matrix as panels of a family's tiles: as few as will do.</summary>
    public static EvenSplit RowPanels(KernelFamily family, int rows) =>
        new(rows, Math.Max(1, (rows + family.MaxRows - 1) / family.MaxRows));

    /// <summary>Where a part starts; the end, for the part after the last.</summary>
    public int Start(int part) => (int)((long)part * Length / Parts);

    /// <summary>Length of a part.</summary>
    public int Count(int part) => Start(part + 1) - Start(part);
}
