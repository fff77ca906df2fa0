using CaffeActors.Compute.Blobs;

namespace CaffeActors.Compute.Nets.Memory;

/// <summary>A block of memory of a net's blobs.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Block">When it is in use.</param>
/// <param name="IsOwn">Whether it must not lie where others do.</param>
internal sealed record ScannedBlock(SyncedMemory Memory, MemoryBlock Block, bool IsOwn)
{
    /// <summary>The layer that computes it again for the backward pass, or null.</summary>
    public NetLayer? RecomputedBy { get; init; }
}
