namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What a link's writer is to do next, and with what.</summary>
/// <param name="Kind">What.</param>
/// <param name="Connection">Over which connection; null where there is none.</param>
/// <param name="Number">The number of a block, or how many have arrived.</param>
/// <param name="Block">The block to be sent.</param>
internal readonly record struct LinkOrder(
    LinkOrderKind Kind, Connection? Connection = null, long Number = 0, QueuedBlock Block = default);
