using System.Diagnostics;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>
/// What the two threads of a link, those who send over it and those who accept connections for it share. A connection
/// comes and goes; what has to be sent and how much has arrived stays, and says where the next connection goes on.
/// Thread-safe.
/// </summary>
internal sealed class LinkState : IDisposable
{
    private readonly object _gate = new();
    private readonly SendQueue _queue = new();
    private readonly CancellationTokenSource _over = new();
    private Connection? _current;
    private Connection? _offered;
    private long _offeredReceived;
    private long _received;
    private bool _isClosing;

    /// <summary>Is cancelled when the link is over, and with it whatever its threads wait for.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Whether this side has closed the link.</summary>
    public bool IsClosing
    {
        get
        {
            lock (_gate)
                return _isClosing;
        }
    }

    /// <summary>Whether there is a connection.</summary>
    public bool IsUp
    {
        get
        {
            lock (_gate)
                return _current is not null;
        }
    }

    /// <summary>How many blocks have arrived whole.</summary>
    public long Received
    {
        get
        {
            lock (_gate)
                return _received;
        }
    }

    /// <summary>How many blocks were queued since the link was opened.</summary>
    public long Queued
    {
        get
        {
            lock (_gate)
                return _queue.End;
        }
    }

    /// <summary>Queues a block.</summary>
    public void Enqueue(QueuedBlock block)
    {
        lock (_gate)
        {
            _queue.Enqueue(block);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Counts a block that has arrived whole; the writer acknowledges it.</summary>
    public void CountReceived()
    {
        lock (_gate)
        {
            _received++;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Takes away the first block, where the other has that many and this is one of them.</summary>
    /// <param name="arrived">How many blocks have arrived whole at the other.</param>
    /// <param name="block">The block that was taken.</param>
    public bool TryAcknowledge(long arrived, out BlockId block)
    {
        lock (_gate)
        {
            bool has = _queue.First < Math.Min(arrived, _queue.End);
            block = has ? _queue.Dequeue().Block : default;
            return has;
        }
    }

    /// <summary>Hands over a connection that the other side has made; one that was there is given up, since the other
    /// has done so too.</summary>
    /// <param name="connection">The connection, greeted but not answered.</param>
    /// <param name="received">How many blocks the other has received whole.</param>
    /// <returns>False where the link is over.</returns>
    public bool Offer(Connection connection, long received)
    {
        lock (_gate)
        {
            if (_isClosing || _over.IsCancellationRequested)
                return false;
            _offered?.Dispose();
            (_offered, _offeredReceived) = (connection, received);
            _current?.Dispose();
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>Waits for a connection that the other side makes.</summary>
    /// <param name="within">How long.</param>
    /// <param name="received">How many blocks the other has received whole.</param>
    /// <returns>Null where none has come, or the link is over.</returns>
    public Connection? TakeOffered(TimeSpan within, out long received)
    {
        long begun = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (_offered is null && !_isClosing && !_over.IsCancellationRequested)
            {
                TimeSpan left = within - Stopwatch.GetElapsedTime(begun);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                    break;
            }

            Connection? offered = _offered;
            (_offered, received) = (null, _offeredReceived);
            return offered;
        }
    }

    /// <summary>Waits for nothing but the link's end.</summary>
    /// <param name="pause">How long.</param>
    /// <returns>Whether it is over, or being closed.</returns>
    public bool IsOverWithin(TimeSpan pause)
    {
        long begun = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (!_isClosing && !_over.IsCancellationRequested)
            {
                TimeSpan left = pause - Stopwatch.GetElapsedTime(begun);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                    return false;
            }

            return true;
        }
    }

    /// <summary>Puts a connection to use; one for which the link is over is disposed.</summary>
    public void Use(Connection connection)
    {
        lock (_gate)
        {
            if (_isClosing || _over.IsCancellationRequested || _offered is not null)
                connection.Dispose();
            _current = connection;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Gives a connection up.</summary>
    public void GiveUp(Connection connection)
    {
        lock (_gate)
        {
            connection.Dispose();
            if (_current == connection)
                _current = null;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until the writer has something to do.</summary>
    /// <param name="mine">The connection that it uses.</param>
    /// <param name="told">How many blocks it has acknowledged over it.</param>
    /// <param name="next">Number of the block that it sends, or would send next.</param>
    /// <param name="keepAlive">After how long a wait it is to give a sign of life.</param>
    public LinkOrder NextOrder(Connection? mine, long told, long next, TimeSpan keepAlive)
    {
        lock (_gate)
        {
            bool waited = false;
            while (true)
            {
                if (_over.IsCancellationRequested || (_isClosing && _current is null))
                    return new LinkOrder(LinkOrderKind.Stop);
                if (_current is { } current)
                {
                    if (_isClosing)
                        return new LinkOrder(LinkOrderKind.SayGoodbye, current);
                    if (current != mine)
                        return new LinkOrder(LinkOrderKind.Restart, current, _queue.First);
                    if (_received > told)
                        return new LinkOrder(LinkOrderKind.Acknowledge, current, _received);
                    if (next < _queue.End)
                        return new LinkOrder(LinkOrderKind.SendChunk, current, next, _queue[next]);
                    if (waited)
                        return new LinkOrder(LinkOrderKind.KeepAlive, current);
                }

                waited = !Monitor.Wait(_gate, keepAlive);
            }
        }
    }

    /// <summary>Closes the link on this side: the writer says goodbye, and nothing is sent or connected any
    /// more.</summary>
    public void BeginClose()
    {
        lock (_gate)
        {
            _isClosing = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Ends the link: its threads stop at once.</summary>
    public void End()
    {
        _over.Cancel();
        lock (_gate)
        {
            _offered?.Dispose();
            _current?.Dispose();
            Monitor.PulseAll(_gate);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _over.Dispose();
}
