using System.Threading.Channels;
using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Actors.Tests.Cluster.Reduction;

/// <summary>
/// Links between nodes of one process: blocks wait in a heap, out of which a task of its own hands on any. Some it
/// begins twice, as after a broken connection, and some it hands on twice.
/// </summary>
internal sealed class NodeHub : IAsyncDisposable
{
    private readonly Channel<Delivery> _new = Channel.CreateUnbounded<Delivery>();
    private readonly List<Delivery> _heap = [];
    private readonly Dictionary<int, IBlockListener> _listeners = [];
    private readonly HashSet<int> _closed = [];
    private readonly System.Random _random;
    private readonly Task _task;
    private readonly Lock _lock = new();

    /// <summary>Starts the hub.</summary>
    /// <param name="seed">Which block goes when.</param>
    public NodeHub(int seed)
    {
        _random = new System.Random(seed);
        _task = Task.Run(RunAsync);
    }

    /// <summary>Blocks that were handed on before one that was sent earlier.</summary>
    public int Overtakings { get; private set; }

    /// <summary>Bytes that arrived, by stream.</summary>
    public Dictionary<BlockStream, long> Bytes { get; } = [];

    /// <summary>Whether a block is withheld.</summary>
    public Func<int, BlockId, bool> Withholds { get; set; } = static (_, _) => false;

    /// <summary>Whether the sender never hears that a block has arrived: its receiver ended right then.</summary>
    public Func<int, BlockId, bool> WithholdsReceipt { get; set; } = static (_, _) => false;

    /// <summary>The links of one node.</summary>
    public IBlockLinks Open(int rank, IReadOnlyList<int> neighbours, IBlockListener listener)
    {
        lock (_lock)
            _listeners.Add(rank, listener);
        return new Links(this, rank, neighbours);
    }

    public async ValueTask DisposeAsync()
    {
        _new.Writer.Complete();
        await _task;
    }

    private async Task RunAsync()
    {
        while (await _new.Reader.WaitToReadAsync())
        {
            while (_new.Reader.TryRead(out Delivery? next))
                _heap.Add(next);
            while (_heap.Count > 0)
            {
                int taken = _random.Next(_heap.Count);
                Overtakings += taken > 0 ? 1 : 0;
                Delivery delivery = _heap[taken];
                _heap.RemoveAt(taken);
                if (TryFind(delivery.To) is { } to && TryFind(delivery.From) is { } from)
                    HandOn(delivery, from, to);
                else if (!Closed(delivery))
                    _new.Writer.TryWrite(delivery);
                if (_random.Next(3) == 0)
                    await Task.Yield();
                while (_new.Reader.TryRead(out Delivery? more))
                    _heap.Add(more);
            }
        }
    }

    private void HandOn(Delivery delivery, IBlockListener from, IBlockListener to)
    {
        if (Withholds(delivery.To, delivery.Block))
            return;
        for (int time = _random.Next(4) == 0 ? 2 : 1; time > 0; time--)
        {
            if (_random.Next(8) == 0)
                _ = Fill(delivery, to, most: 5);
            _ = Fill(delivery, to, long.MaxValue);
            to.Received(delivery.From, delivery.Block);
        }

        lock (_lock)
        {
            Bytes[delivery.Block.Stream] =
                Bytes.GetValueOrDefault(delivery.Block.Stream) + delivery.Parts.Sum(part => part.Length);
        }

        if (!WithholdsReceipt(delivery.To, delivery.Block))
            from.Sent(delivery.To, delivery.Block);
    }

    private static unsafe bool Fill(Delivery delivery, IBlockListener to, long most)
    {
        long length = delivery.Parts.Sum(part => part.Length);
        byte* target = (byte*)to.BufferFor(delivery.From, delivery.Block, length);
        if (target is null)
            return false;
        foreach (BlockPart part in delivery.Parts)
        {
            long count = Math.Min(most, part.Length);
            Buffer.MemoryCopy((void*)part.Bytes, target, count, count);
            target += part.Length;
        }

        return true;
    }

    private IBlockListener? TryFind(int rank)
    {
        lock (_lock)
            return _listeners.GetValueOrDefault(rank);
    }

    private bool Closed(Delivery delivery)
    {
        lock (_lock)
            return _closed.Contains(delivery.To) || _closed.Contains(delivery.From);
    }

    private void Close(int rank)
    {
        lock (_lock)
        {
            _listeners.Remove(rank);
            _closed.Add(rank);
        }
    }

    private sealed record Delivery(int From, int To, BlockId Block, IReadOnlyList<BlockPart> Parts);

    private sealed class Links(NodeHub hub, int rank, IReadOnlyList<int> neighbours) : IBlockLinks
    {
        public void Send(int peer, BlockId block, IReadOnlyList<BlockPart> parts)
        {
            Assert.Contains(peer, neighbours);
            hub._new.Writer.TryWrite(new Delivery(rank, peer, block, parts));
        }

        public void Dispose() => hub.Close(rank);
    }
}
