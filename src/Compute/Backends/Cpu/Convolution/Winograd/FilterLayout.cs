namespace CaffeActors.Compute.Backends.Cpu.Convolution.Winograd;

/// <summary>How weights are read as the right matrices of the 36 products: summed channels by target
/// channels.</summary>
/// <param name="Depth">Summed channels of a group.</param>
/// <param name="Targets">Target channels of a group.</param>
/// <param name="GroupStep">Weights of a group.</param>
/// <param name="TargetStep">Weights from a target channel to the next.</param>
/// <param name="DepthStep">Weights from a summed channel to the next.</param>
/// <param name="IsFlipped">Whether the kernel's cells are read from the last to the first, as the data gradient
/// does.</param>
internal readonly record struct FilterLayout(
    int Depth, int Targets, int GroupStep, int TargetStep, int DepthStep, bool IsFlipped)
{
    /// <summary>Target channels computed together: a part of the weights' transform.</summary>
    public const int Lanes = 32;

    /// <summary>Parts of a group's target channels.</summary>
    public int Parts => (Targets + Lanes - 1) / Lanes;

    /// <summary>Floats from one of the 36 matrices of a part to the next.</summary>
    public nint PlaneStep => TileTarget.StepOf((nint)Depth * Lanes);

    /// <summary>Floats of a part.</summary>
    public nint PartSize => 36 * PlaneStep;

    /// <summary>Target channels of a part, rounded up to 16.</summary>
    public int LanesOf(int part) => Math.Min(Lanes, (Targets - (part * Lanes) + 15) / 16 * 16);
}
