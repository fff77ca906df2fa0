namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>A block to be sent.</summary>
/// <param name="Block">Which.</param>
/// <param name="Parts">Its bytes.</param>
/// <param name="Length">How many.</param>
internal readonly record struct QueuedBlock(BlockId Block, IReadOnlyList<BlockPart> Parts, long Length);
