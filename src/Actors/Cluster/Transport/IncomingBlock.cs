namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>The block that is arriving. It stays where a connection breaks, so that the receiver is asked once for a
/// place.</summary>
/// <param name="Block">Which.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Buffer">Where they go; 0 where nobody wants them.</param>
internal readonly record struct IncomingBlock(BlockId Block, long Length, nint Buffer);
