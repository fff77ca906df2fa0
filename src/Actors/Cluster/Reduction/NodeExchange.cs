using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>
/// A node's memory for what it exchanges with its neighbours, and what is done with it. Its own gradients are the root
/// replica's diffs, on the host: an accelerator's are copied there and back. Used on the root's thread.
/// </summary>
internal sealed unsafe class NodeExchange : IDisposable
{
    private readonly ReplicaGroup _group;
    private readonly CpuDevice _device;
    // By unit, what is sent: of the own gradients, and of what came.
    private readonly BlockPart[][] _ownParts;
    private readonly BlockPart[][] _cameParts;
    // By unit, with compression: what is sent, and what rounding took away before.
    private readonly SyncedMemory[] _halves = [];
    private readonly SyncedMemory[] _residuals = [];

    /// <summary>Makes room.</summary>
    /// <param name="group">The node's replicas.</param>
    /// <param name="seat">Its place among the nodes.</param>
    public NodeExchange(ReplicaGroup group, NodeSeat seat)
    {
        (_group, Seat) = (group, seat);
        _device = group.Root.Device;
        int nodes = seat.Deal.Shares.Count;
        bool ring = group.Reduction == ReductionKind.Ring;
        Layout = new NodeLayout(group, ring ? nodes : 1);
        Statistics = new RootStatistics(group.Root);
        Factor = seat.Deal.FactorOf(seat.Rank);
        IsCompressed = seat.Compresses && nodes > 1;
        int units = Layout.Units.Length;
        StatisticsUnit = Statistics.Count > 0 ? units : -1;
        List<NodeRoute> routes =
        [
            .. Layout.Units.Select((_, unit) =>
                ring ? NodeRoute.OfRing(nodes, seat.Rank, Layout.Chunks[unit] % nodes)
                    : NodeRoute.OfTree(seat.Deal, seat.Rank)),
        ];
        List<long> bytes = [.. Layout.Counts.Select(count => count * (IsCompressed ? sizeof(ushort) : sizeof(float)))];
        if (StatisticsUnit >= 0)
        {
            routes.Add(NodeRoute.OfRoot(seat.Deal, seat.Rank, ring));
            bytes.Add(Statistics.Count * sizeof(float));
        }

        Reduction = new NodeReduction(routes);
        Inbox = new NodeInbox(Reduction, bytes);
        if (IsCompressed)
        {
            _halves = [.. Layout.Counts.Select(count => new SyncedMemory(Math.Max(1, count) * sizeof(ushort)))];
            _residuals = [.. Layout.Counts.Select(count => new SyncedMemory(Math.Max(1, count) * sizeof(float)))];
        }

        _cameParts = [.. bytes.Select((length, unit) => routes[unit].From < 0 ? Array.Empty<BlockPart>()
            : [new BlockPart(Inbox.Memory(routes[unit].From, BlockStream.Sum, unit), length)])];
        _ownParts = [.. bytes.Select((_, unit) => new BlockPart[
            unit == StatisticsUnit ? Statistics.Blobs : IsCompressed ? 1 : Layout.Units[unit].Length])];
    }

    /// <summary>The node's place.</summary>
    public NodeSeat Seat { get; }

    /// <summary>What travels as one block.</summary>
    public NodeLayout Layout { get; }

    /// <summary>What is to be done when.</summary>
    public NodeReduction Reduction { get; }

    /// <summary>Where what comes goes.</summary>
    public NodeInbox Inbox { get; }

    /// <summary>What passes change without learning it.</summary>
    public RootStatistics Statistics { get; }

    /// <summary>The unit of the statistics; -1 where there are none.</summary>
    public int StatisticsUnit { get; }

    /// <summary>What the node's own gradients are multiplied by before they are handed up.</summary>
    public float Factor { get; }

    /// <summary>Whether gradients travel in 16 bits.</summary>
    public bool IsCompressed { get; }

    /// <summary>Bytes of the memory that this takes, small things apart.</summary>
    public long MemoryBytes => Inbox.MemoryBytes + _halves.Concat(_residuals).Sum(memory => memory.Bytes);

    /// <summary>Multiplies the own gradients of a bucket by <see cref="Factor"/>.</summary>
    public void Scale(int bucket)
    {
        for (int unit = Layout.FirstOf(bucket); unit < Layout.EndOf(bucket); unit++)
        {
            foreach (NodeLayout.Piece piece in Layout.Units[unit])
                GradientSum.Scale(_device, MutableDiff(piece), Factor, piece.Count);
        }
    }

    /// <summary>Adds what a neighbour sent to the own gradients.</summary>
    public void Add(int unit, int peer)
    {
        nint came = Inbox.Memory(peer, BlockStream.Partial, unit);
        long at = 0;
        foreach (NodeLayout.Piece piece in Layout.Units[unit])
        {
            if (IsCompressed)
                HalfSum.Add(_device, MutableDiff(piece), (ushort*)came + at, piece.Count);
            else
                GradientSum.Add(_device, MutableDiff(piece), (float*)came + at, piece.Count);
            at += piece.Count;
        }
    }

    /// <summary>Takes the sum that came for the own gradients; of statistics it is kept until the commit.</summary>
    public void Take(int unit)
    {
        nint came = _cameParts[unit][0].Bytes;
        if (unit == StatisticsUnit)
        {
            Statistics.Take((float*)came);
            return;
        }

        long at = 0;
        foreach (NodeLayout.Piece piece in Layout.Units[unit])
        {
            if (IsCompressed)
                HalfSum.Expand(_device, MutableDiff(piece), (ushort*)came + at, piece.Count);
            else
                GradientSum.Copy(_device, MutableDiff(piece), (float*)came + at, piece.Count);
            at += piece.Count;
        }
    }

    /// <summary>Makes the own gradients of a unit ready to be sent.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="isSum">Whether they are the whole sum: where they are rounded, the node goes on with the rounded
    /// ones.</param>
    public void Pack(int unit, bool isSum)
    {
        BlockPart[] parts = _ownParts[unit];
        if (unit == StatisticsUnit)
        {
            for (int i = 0; i < parts.Length; i++)
            {
                (nint values, int count) = Statistics.Own(i);
                parts[i] = new BlockPart(values, (long)count * sizeof(float));
            }

            return;
        }

        NodeLayout.Piece[] pieces = Layout.Units[unit];
        if (!IsCompressed)
        {
            for (int i = 0; i < parts.Length; i++)
                parts[i] = BlockPart.Of(Blob(pieces[i]).CpuDiff + pieces[i].From, pieces[i].Count);
            return;
        }

        ushort* halves = (ushort*)_halves[unit].MutableCpuData();
        float* residual = (float*)_residuals[unit].MutableCpuData();
        parts[0] = new BlockPart((nint)halves, Layout.Counts[unit] * sizeof(ushort));
        foreach (NodeLayout.Piece piece in pieces)
        {
            HalfSum.Round(_device, MutableDiff(piece), residual, halves, piece.Count, keep: isSum);
            residual += piece.Count;
            halves += piece.Count;
        }
    }

    /// <summary>Sends the own gradients of a unit, which are packed.</summary>
    public void Send(IBlockLinks links, int peer, BlockId block) => Send(links, peer, block, _ownParts[block.Index]);

    /// <summary>Sends a sum on that came.</summary>
    public void Forward(IBlockLinks links, int peer, BlockId block) =>
        Send(links, peer, block, _cameParts[block.Index]);

    /// <inheritdoc/>
    public void Dispose()
    {
        Inbox.Dispose();
        Statistics.Dispose();
        foreach (SyncedMemory memory in _halves.Concat(_residuals))
            memory.Release();
    }

    private void Send(IBlockLinks links, int peer, BlockId block, BlockPart[] parts)
    {
        Inbox.Sends(peer, block);
        links.Send(peer, block, parts);
    }

    private Blob Blob(NodeLayout.Piece piece) => _group.Root.Net.LearnableParams[piece.Param].Blob;

    private float* MutableDiff(NodeLayout.Piece piece) => Blob(piece).MutableCpuDiff + piece.From;
}
