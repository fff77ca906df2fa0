namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>The thread that sends what goes over a link: blocks chunk by chunk, and between them what must not wait for
/// a block's end.</summary>
internal sealed class LinkWriter(LinkState state, DataPlaneOptions options)
{
    private readonly FrameSender _frames = new();
    private Connection? _connection;
    private PartCursor _at;
    private long _next;
    private long _offset;
    private long _told;

    /// <summary>Bytes sent so far.</summary>
    public long Sent => _frames.Sent;

    /// <summary>Sends until the link is over.</summary>
    public void Run()
    {
        while (state.NextOrder(_connection, _told, _next, options.KeepAlive) is
            { Kind: not LinkOrderKind.Stop } order)
        {
            Connection connection = order.Connection!;
            try
            {
                if (!Carry(connection, order))
                    return;
            }
            catch (Exception failure) when (Connection.IsBreak(failure))
            {
                // The reader hears of it when it next reads, and connects anew.
                state.GiveUp(connection);
            }
        }
    }

    private bool Carry(Connection connection, LinkOrder order)
    {
        switch (order.Kind)
        {
            case LinkOrderKind.Restart:
                _frames.Reset();
                (_connection, _next, _offset, _told) = (connection, order.Number, 0, 0);
                return true;
            case LinkOrderKind.Acknowledge:
                _frames.Send(connection, FrameKind.Acknowledgement, order.Number);
                _told = order.Number;
                return true;
            case LinkOrderKind.SendChunk:
                SendChunk(connection, order.Block);
                return true;
            case LinkOrderKind.KeepAlive:
                _frames.Send(connection, FrameKind.KeepAlive);
                return true;
            default:
                _frames.Send(connection, FrameKind.Goodbye);
                connection.FinishSending();
                return false;
        }
    }

    private void SendChunk(Connection connection, QueuedBlock queued)
    {
        if (_offset == 0)
            _at = new PartCursor(queued.Parts);
        int count = (int)Math.Min(options.ChunkBytes, queued.Length - _offset);
        _frames.SendChunk(connection, queued, _next, _offset, count, ref _at);
        _offset += count;
        if (_offset == queued.Length)
            (_next, _offset) = (_next + 1, 0);
    }
}
