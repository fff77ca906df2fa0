using System.Diagnostics;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>A node's links to its neighbours in one epoch, and what they have carried.</summary>
internal sealed class EpochLinks : IBlockLinks
{
    // What others may take to read what stands in the way of a goodbye.
    private static readonly TimeSpan _goodbye = TimeSpan.FromMilliseconds(200);

    private readonly Link?[] _links;
    private readonly Action<EpochLinks> _onClose;
    private int _isClosed;

    /// <param name="epoch">The epoch.</param>
    /// <param name="channel">The channel in it.</param>
    /// <param name="links">By rank; null where there is none.</param>
    /// <param name="onClose">Is told when they close.</param>
    public EpochLinks(ulong epoch, int channel, Link?[] links, Action<EpochLinks> onClose)
    {
        (Epoch, Channel) = (epoch, channel);
        (_links, _onClose) = (links, onClose);
    }

    /// <summary>Their epoch.</summary>
    public ulong Epoch { get; }

    /// <summary>Their channel in the epoch.</summary>
    public int Channel { get; }

    /// <inheritdoc/>
    public void Send(int peer, BlockId block, IReadOnlyList<BlockPart> parts) => To(peer).Send(block, parts);

    /// <summary>What the link to a neighbour has carried so far, and how it fares.</summary>
    /// <param name="peer">Its rank.</param>
    public LinkFigures Figures(int peer) => To(peer).Figures;

    /// <summary>What all links have sent so far, and how often connections broke. On any thread.</summary>
    public (long BytesSent, long Breaks) Carried
    {
        get
        {
            long sent = 0, breaks = 0;
            foreach (Link? link in _links)
            {
                if (link?.Figures is { } figures)
                    (sent, breaks) = (sent + figures.BytesSent, breaks + figures.Breaks);
            }

            return (sent, breaks);
        }
    }

    /// <summary>The link to a process.</summary>
    /// <param name="node">Its number.</param>
    /// <returns>Null where it is no neighbour.</returns>
    public Link? Find(ulong node) => Array.Find(_links, link => link?.PeerNode == node);

    /// <summary>Begins to connect.</summary>
    public void Start()
    {
        foreach (Link? link in _links)
            link?.Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        _onClose(this);
        long begun = Stopwatch.GetTimestamp();
        foreach (Link? link in _links)
            link?.BeginClose();
        foreach (Link? link in _links)
        {
            TimeSpan left = _goodbye - Stopwatch.GetElapsedTime(begun);
            link?.Close(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    private Link To(int peer) => peer >= 0 && peer < _links.Length && _links[peer] is { } link
        ? link
        : throw new ArgumentOutOfRangeException(nameof(peer), peer, "is no neighbour");
}
