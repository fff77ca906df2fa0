namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>A node's links to its neighbours in one epoch. Thread-safe; disposing closes them, after which the listener
/// hears nothing more and no memory of a block is read or written.</summary>
internal interface IBlockLinks : IDisposable
{
    /// <summary>Queues a block; it goes when those before it to the same peer have gone. Its memory must not change
    /// until <see cref="IBlockListener.Sent"/>.</summary>
    /// <param name="peer">Rank of the receiver: a neighbour.</param>
    /// <param name="block">Which block; an epoch has each at most once in a direction.</param>
    /// <param name="parts">Its bytes, in order; the list itself must not change either.</param>
    void Send(int peer, BlockId block, IReadOnlyList<BlockPart> parts);
}
