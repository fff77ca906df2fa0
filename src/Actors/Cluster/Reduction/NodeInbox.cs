using Akka.Actor;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>
/// Where what comes over a node's links goes: a place in memory for each block of an iteration, and a message to the
/// node's reducer, made once. What comes twice, or late, goes nowhere. A partial sum's place is free again when the
/// whole sum comes, so both have the same one.
/// </summary>
internal sealed unsafe class NodeInbox : IBlockListener, IDisposable
{
    private readonly NodeReduction _reduction;
    private readonly int _units;
    private readonly int[] _placeOf;
    private readonly Slot?[] _in;
    private readonly Receipt[] _out;
    private readonly SyncedMemory[] _memory;

    /// <summary>Makes room.</summary>
    /// <param name="reduction">What comes from whom.</param>
    /// <param name="bytesOf">By unit, the bytes of its blocks.</param>
    public NodeInbox(NodeReduction reduction, IReadOnlyList<long> bytesOf)
    {
        _reduction = reduction;
        _units = bytesOf.Count;
        IReadOnlyList<int> neighbours = reduction.Neighbours;
        _placeOf = new int[neighbours.DefaultIfEmpty(-1).Max() + 1];
        Array.Fill(_placeOf, -1);
        for (int place = 0; place < neighbours.Count; place++)
            _placeOf[neighbours[place]] = place;
        _in = new Slot?[neighbours.Count * 2 * _units];
        _out = [.. Enumerable.Range(0, _in.Length).Select(i => new Receipt(new BlockSent(
            (BlockStream)((i / _units % 2) + 1), i % _units)))];
        List<SyncedMemory> all = [];
        for (int unit = 0; unit < _units; unit++)
        {
            NodeRoute route = reduction.Routes[unit];
            SyncedMemory[] partial = [.. route.Adds.Select(peer => Make(peer, BlockStream.Partial, unit, null))];
            if (route.From >= 0)
                Make(route.From, BlockStream.Sum, unit, partial.FirstOrDefault());
        }

        _memory = [.. all];

        SyncedMemory Make(int peer, BlockStream stream, int unit, SyncedMemory? shared)
        {
            SyncedMemory memory = shared ?? new SyncedMemory(Math.Max(1, bytesOf[unit]));
            if (shared is null)
                all.Add(memory);
            _in[IndexOf(peer, stream, unit)] = new Slot(
                (nint)memory.OverwriteCpuData(), bytesOf[unit], new BlockArrived(peer, stream, unit));
            return memory;
        }
    }

    /// <summary>Who hears of blocks. To be set before the links are opened.</summary>
    public IActorRef Reducer { get; set; } = ActorRefs.Nobody;

    /// <summary>Hears of a neighbour that cannot be one: its rank and why. To be set before the links are
    /// opened.</summary>
    public Action<int, string> Misfit { get; set; } = static (_, _) => { };

    /// <summary>Bytes of all places.</summary>
    public long MemoryBytes => _memory.Sum(memory => memory.Bytes);

    /// <summary>Where a block that came lies.</summary>
    public nint Memory(int peer, BlockStream stream, int unit) => _in[IndexOf(peer, stream, unit)]!.Memory;

    /// <summary>Of which iteration the last one was that came.</summary>
    public int IterationOf(int peer, BlockStream stream, int unit) =>
        _in[IndexOf(peer, stream, unit)]!.Next - 1;

    /// <summary>Notes that a block is about to be sent.</summary>
    public void Sends(int peer, BlockId block) =>
        _out[IndexOf(peer, block.Stream, block.Index)].Iteration = block.Iteration;

    /// <inheritdoc/>
    public nint BufferFor(int peer, BlockId block, long length)
    {
        if (!TryFind(peer, block, out int index) || _in[index] is not { } slot || !slot.Expects(block.Iteration))
            return 0;
        if (length == slot.Bytes)
            return slot.Memory;
        slot.Close();
        Misfit(peer, $"it sends {length} bytes where {slot.Bytes} are expected: it trains another net, or with another "
            + "parallel.bucket-size, parallel.reduction or cluster.compression");
        return 0;
    }

    /// <inheritdoc/>
    public void Received(int peer, BlockId block)
    {
        if (TryFind(peer, block, out int index) && _in[index] is { } slot && slot.Expects(block.Iteration))
        {
            slot.Next = block.Iteration + 1;
            Reducer.Tell(slot.Arrived);
        }
    }

    /// <inheritdoc/>
    public void Sent(int peer, BlockId block)
    {
        if (TryFind(peer, block, out int index) && _out[index] is { } receipt && receipt.Iteration == block.Iteration)
        {
            receipt.Iteration = -1;
            Reducer.Tell(receipt.Message);
        }
    }

    /// <inheritdoc/>
    /// <remarks>The cluster hears of it from those who opened the links, and ends the epoch.</remarks>
    public void Lost(int peer, string reason, bool isGone)
    {
    }

    /// <summary>Frees the places; the links must be closed.</summary>
    public void Dispose()
    {
        foreach (SyncedMemory memory in _memory)
            memory.Release();
    }

    private bool TryFind(int peer, BlockId block, out int index)
    {
        bool known = peer >= 0 && peer < _placeOf.Length && _placeOf[peer] >= 0
            && block.Stream is BlockStream.Partial or BlockStream.Sum
            && block.Index >= 0 && block.Index < _units;
        index = known ? IndexOf(peer, block.Stream, block.Index) : -1;
        return known;
    }

    private int IndexOf(int peer, BlockStream stream, int unit) =>
        (((_placeOf[peer] * 2) + (int)stream - 1) * _units) + unit;

    // Written by its link's thread alone, read by the reducer's when it has the message.
    private sealed class Slot(nint memory, long bytes, BlockArrived arrived)
    {
        // -1 before the first block, whose iteration is the epoch's first.
        private volatile int _next = -1;

        public nint Memory => memory;

        public long Bytes => bytes;

        public BlockArrived Arrived => arrived;

        public int Next
        {
            get => _next;
            set => _next = value;
        }

        public bool Expects(int iteration) => _next < 0 || _next == iteration;

        public void Close() => _next = int.MaxValue;
    }

    private sealed class Receipt(BlockSent message)
    {
        private volatile int _iteration = -1;

        public BlockSent Message => message;

        public int Iteration
        {
            get => _iteration;
            set => _iteration = value;
        }
    }
}
