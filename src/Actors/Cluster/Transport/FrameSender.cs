using System.IO.Hashing;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Sends frames over one connection at a time. Small pieces are put together, so that a frame of many takes
/// few calls of the system; large ones go from where they are. Used by one thread.</summary>
internal sealed class FrameSender
{
    // From this size on a call of the system costs less than a copy.
    private const int Small = 8 << 10;

    private readonly byte[] _gathered = GC.AllocateUninitializedArray<byte>(64 << 10, pinned: true);
    private readonly XxHash3 _hash = new();
    private int _count;
    private long _sent;

    /// <summary>Bytes sent so far, over all connections.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Sends a frame without bytes.</summary>
    public void Send(Connection connection, FrameKind kind, long sequence = 0)
    {
        Gather(connection, new FrameHeader(kind, default, 0, 0, 0, sequence, 0));
        Flush(connection);
    }

    /// <summary>Sends the next bytes of a block.</summary>
    /// <param name="connection">Over which connection.</param>
    /// <param name="queued">The block.</param>
    /// <param name="number">Its number.</param>
    /// <param name="offset">How much of it has been sent.</param>
    /// <param name="count">How much of it is sent.</param>
    /// <param name="at">Where its next bytes are; steps over those sent.</param>
    public void SendChunk(
        Connection connection, QueuedBlock queued, long number, long offset, int count, ref PartCursor at)
    {
        PartCursor hashed = at;
        for (int left = count; left > 0;)
        {
            ReadOnlySpan<byte> bytes = hashed.Next(left);
            _hash.Append(bytes);
            left -= bytes.Length;
        }

        ulong checksum = _hash.GetCurrentHashAsUInt64();
        _hash.Reset();
        Gather(
            connection,
            new FrameHeader(FrameKind.Chunk, queued.Block, count, queued.Length, offset, number, checksum));
        for (int left = count; left > 0;)
        {
            ReadOnlySpan<byte> bytes = at.Next(left);
            Gather(connection, bytes);
            left -= bytes.Length;
        }

        Flush(connection);
    }

    /// <summary>Forgets what was put together for a connection that broke.</summary>
    public void Reset() => _count = 0;

    private void Gather(Connection connection, FrameHeader header)
    {
        Span<byte> bytes = stackalloc byte[FrameHeader.Size];
        header.Write(bytes);
        Gather(connection, bytes);
    }

    private void Gather(Connection connection, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= Small || bytes.Length > _gathered.Length - _count)
            Flush(connection);
        if (bytes.Length >= Small)
        {
            connection.Send(bytes);
            _sent += bytes.Length;
            return;
        }

        bytes.CopyTo(_gathered.AsSpan(_count));
        _count += bytes.Length;
    }

    private void Flush(Connection connection)
    {
        if (_count == 0)
            return;
        connection.Send(_gathered.AsSpan(0, _count));
        _sent += _count;
        _count = 0;
    }
}
