namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>A link to one neighbour in one epoch: what is sent over it arrives whole, in order and once, over however
/// many connections that takes. It has a thread for each direction.</summary>
internal sealed class Link : IDisposable
{
    private readonly LinkRoute _route;
    private readonly LinkState _state = new();
    private readonly LinkReader _reader;
    private readonly LinkWriter _writer;
    private readonly IBlockListener _listener;
    private readonly Thread _reading;
    private readonly Thread _writing;
    private int _isClosed;

    public Link(LinkRoute route, IBlockListener listener, DataPlaneOptions options)
    {
        (_route, _listener) = (route, listener);
        _reader = new LinkReader(route, _state, listener, options);
        _writer = new LinkWriter(_state, options);
        _reading = new Thread(Read) { IsBackground = true, Name = $"from node {route.PeerRank}" };
        _writing = new Thread(_writer.Run) { IsBackground = true, Name = $"to node {route.PeerRank}" };
    }

    /// <summary>The number of the other's process.</summary>
    public ulong PeerNode => _route.Peer.Node;

    /// <summary>What it has carried so far, and how it fares.</summary>
    public LinkFigures Figures => new(
        _writer.Sent, _reader.BytesReceived, _reader.Breaks, _reader.Corrupt, _state.IsUp, _reader.Silent);

    /// <summary>Begins to connect.</summary>
    public void Start()
    {
        _writing.Start();
        _reading.Start();
    }

    /// <summary>Queues a block.</summary>
    public void Send(BlockId block, IReadOnlyList<BlockPart> parts)
    {
        long length = 0;
        for (int i = 0; i < parts.Count; i++)
            length += parts[i].Length;
        _state.Enqueue(new QueuedBlock(block, parts, length));
    }

    /// <summary>Hands over a connection that the other side has made.</summary>
    /// <returns>False where the link is over.</returns>
    public bool Offer(Connection connection, long received) => _state.Offer(connection, received);

    /// <summary>Says goodbye; <see cref="Close"/> waits for it.</summary>
    public void BeginClose() => _state.BeginClose();

    /// <summary>Ends both threads: from here on no memory of a block is read or written, and the listener hears nothing
    /// more.</summary>
    /// <param name="goodbyeWithin">How long it may still take to say goodbye to one that does not read.</param>
    public void Close(TimeSpan goodbyeWithin)
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        _writing.Join(goodbyeWithin);
        _state.End();
        _writing.Join();
        // The listener may close the links where it hears that one is lost.
        if (Thread.CurrentThread == _reading)
            return;
        _reading.Join();
        _state.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        BeginClose();
        Close(TimeSpan.Zero);
    }

    private void Read()
    {
        string reason;
        try
        {
            reason = _reader.Run();
        }
#pragma warning disable CA1031 // Whatever fails here is the link's end, and not the process's.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            reason = $"the link to {_route.PeerName} failed: {failure}";
        }

        bool isLost = !_state.IsClosing;
        _state.End();
        _writing.Join();
        if (isLost)
            _listener.Lost(_route.PeerRank, reason, _reader.PeerIsGone);
    }
}
