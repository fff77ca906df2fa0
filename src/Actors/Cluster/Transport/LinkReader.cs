using System.Diagnostics;
using System.IO.Hashing;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>The thread that connects a link, takes what comes over it and tells the listener everything that happens to
/// it.</summary>
internal sealed class LinkReader(
    LinkRoute route, LinkState state, IBlockListener listener, DataPlaneOptions options)
{
    // Breaks in a row between which not one block arrived anywhere: such a link would go on like that for ever.
    private const int MostBreaksInVain = 8;

    private readonly LinkConnector _connector = new(route, state, options.Security);
    private readonly byte[] _header = GC.AllocateUninitializedArray<byte>(FrameHeader.Size, pinned: true);
    private byte[]? _unwanted;
    private IncomingBlock? _incoming;
    private long _at;
    private int _breaksInVain;
    private bool _wasUp;
    private long _received;
    private long _breaks;
    private long _corrupt;
    private long _heard = Stopwatch.GetTimestamp();

    /// <summary>Bytes that have come so far.</summary>
    public long BytesReceived => Volatile.Read(ref _received);

    /// <summary>How often a connection broke.</summary>
    public long Breaks => Volatile.Read(ref _breaks);

    /// <summary>How often because of a wrong checksum.</summary>
    public long Corrupt => Volatile.Read(ref _corrupt);

    /// <summary>How long nothing has come.</summary>
    public TimeSpan Silent => Stopwatch.GetElapsedTime(Volatile.Read(ref _heard));

    /// <summary>Whether it is over because the other process is gone.</summary>
    public bool PeerIsGone { get; private set; }

    /// <summary>Connects and reads, again and again, until the link is over.</summary>
    /// <returns>Why it is over.</returns>
    public string Run()
    {
        while (true)
        {
            DialResult result = _connector.Connect(_wasUp ? options.ReconnectWithin : options.OpenWithin);
            if (result.Connection is not { } connection)
            {
                PeerIsGone = result.IsGone;
                return result.Reason;
            }

            _wasUp = true;
            _at = 0;
            Tell($"{(Breaks > 0 ? "connected again" : "connected")} with {route.PeerName}");
            try
            {
                Acknowledge(result.Received);
                state.Use(connection);
                while (ReadFrame(connection))
                {
                }

                return $"{route.PeerName} has left epoch {route.Epoch}";
            }
            catch (Exception failure) when (Connection.IsBreak(failure))
            {
                if (failure is FrameFault)
                    _corrupt++;
                _breaks++;
                if (state.IsClosing || state.Over.IsCancellationRequested)
                    return "closed";
                Tell($"the connection with {route.PeerName} broke: {failure.Message}");
                if (++_breaksInVain >= MostBreaksInVain)
                    return $"the connection with {route.PeerName} broke {MostBreaksInVain} times before anything "
                        + $"arrived whole, at last because {failure.Message}";
            }
            finally
            {
                state.GiveUp(connection);
            }
        }
    }

    /// <summary>Takes one frame.</summary>
    /// <returns>False where the other has said goodbye.</returns>
    private bool ReadFrame(Connection connection)
    {
        Receive(connection, _header);
        if (!FrameHeader.TryRead(_header, out FrameHeader header))
            throw new FrameFault("a header's checksum is wrong");
        switch (header.Kind)
        {
            case FrameKind.Chunk:
                TakeChunk(connection, header);
                return true;
            case FrameKind.Acknowledgement:
                Acknowledge(header.Sequence);
                return true;
            case FrameKind.KeepAlive:
                return true;
            case FrameKind.Goodbye:
                return false;
            default:
                throw new FrameFault($"a frame is of kind {(byte)header.Kind}, which this program does not know");
        }
    }

    private unsafe void TakeChunk(Connection connection, FrameHeader header)
    {
        IncomingBlock block = Place(header);
        Span<byte> bytes = block.Buffer == 0
            ? (_unwanted ??= new byte[FrameHeader.MostPayload]).AsSpan(0, header.Payload)
            : new Span<byte>((byte*)block.Buffer + _at, header.Payload);
        Receive(connection, bytes);
        if (XxHash3.HashToUInt64(bytes) != header.Checksum)
            throw new FrameFault($"the checksum of {header.Payload} bytes is wrong");
        _at += header.Payload;
        if (_at < block.Length)
            return;
        _incoming = null;
        _at = 0;
        _breaksInVain = 0;
        state.CountReceived();
        if (block.Buffer != 0)
            listener.Received(route.PeerRank, block.Block);
    }

    /// <summary>Finds the block that a chunk belongs to, which is the one after those received.</summary>
    private IncomingBlock Place(FrameHeader header)
    {
        long left = header.Length - _at;
        bool fits = header.Offset == _at && header.Sequence == state.Received && header.Payload >= 0
            && header.Payload <= Math.Min(FrameHeader.MostPayload, left) && (header.Payload > 0 || left == 0);
        if (!fits || (_incoming is { } begun && (begun.Block != header.Block || begun.Length != header.Length)))
        {
            throw new FrameFault(
                $"bytes {header.Offset} to {header.Offset + header.Payload} of block {header.Sequence} do not follow "
                + $"byte {_at} of block {state.Received}");
        }

        if (_incoming is not { } incoming)
        {
            nint buffer = listener.BufferFor(route.PeerRank, header.Block, header.Length);
            _incoming = incoming = new IncomingBlock(header.Block, header.Length, buffer);
        }

        return incoming;
    }

    private void Acknowledge(long arrived)
    {
        if (arrived > state.Queued)
            throw new FrameFault($"{arrived} blocks were acknowledged of {state.Queued} that there are");
        while (state.TryAcknowledge(arrived, out BlockId block))
        {
            _breaksInVain = 0;
            listener.Sent(route.PeerRank, block);
        }
    }

    private void Receive(Connection connection, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = connection.ReceiveSome(bytes);
            Volatile.Write(ref _received, _received + count);
            Volatile.Write(ref _heard, Stopwatch.GetTimestamp());
            bytes = bytes[count..];
        }
    }

    private void Tell(string text) => options.Log($"epoch {route.Epoch}: {text}");
}
