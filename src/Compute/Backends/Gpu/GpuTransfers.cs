namespace CaffeActors.Compute.Backends.Gpu;

/// <summary>Copies to and from an accelerator since it was opened.</summary>
/// <param name="ToDevice">Copies from the host.</param>
/// <param name="BytesToDevice">Their bytes.</param>
/// <param name="ToHost">Copies to the host.</param>
/// <param name="BytesToHost">Their bytes.</param>
/// <param name="FromPeers">Copies from other accelerators.</param>
/// <param name="BytesFromPeers">Their bytes.</param>
public readonly record struct GpuTransfers(
    long ToDevice, long BytesToDevice, long ToHost, long BytesToHost, long FromPeers, long BytesFromPeers)
{
    /// <summary>What came after an earlier state.</summary>
    /// <param name="earlier">That state.</param>
    public GpuTransfers Since(GpuTransfers earlier) => new(
        ToDevice - earlier.ToDevice, BytesToDevice - earlier.BytesToDevice, ToHost - earlier.ToHost,
        BytesToHost - earlier.BytesToHost, FromPeers - earlier.FromPeers, BytesFromPeers - earlier.BytesFromPeers);
}
