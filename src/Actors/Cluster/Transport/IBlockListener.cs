namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Who takes what comes over links. Called on the links' threads, from several at once; it must not block
/// and must not throw.</summary>
internal interface IBlockListener
{
    /// <summary>Where a block's bytes are to go, at least as many as it has: they may be written until
    /// <see cref="Received"/>, and again from the start where the connection breaks, but it is asked for once. 0:
    /// nobody wants it, its bytes are read and dropped, and it is acknowledged but not told as received.</summary>
    /// <param name="peer">Rank of the sender.</param>
    /// <param name="block">Which block.</param>
    /// <param name="length">Its bytes.</param>
    nint BufferFor(int peer, BlockId block, long length);

    /// <summary>A block is whole and its checksum right. Told once for each block.</summary>
    /// <param name="peer">Rank of the sender.</param>
    /// <param name="block">Which block.</param>
    void Received(int peer, BlockId block);

    /// <summary>A block has arrived whole at its receiver: its memory may change.</summary>
    /// <param name="peer">Rank of the receiver.</param>
    /// <param name="block">Which block.</param>
    void Sent(int peer, BlockId block);

    /// <summary>A link is gone and will not come back in this epoch: from here on no memory of its blocks is read or
    /// written. Told at most once for each peer, and not for links that this side has closed.</summary>
    /// <param name="peer">The other's rank.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="isGone">Whether its process is known to be gone: its port refuses connections.</param>
    void Lost(int peer, string reason, bool isGone);
}
