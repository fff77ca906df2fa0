using System.Diagnostics;
using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Benchmarks.Cluster;

/// <summary>Two data planes of this process and a link between them.</summary>
internal sealed class LinkTransfer : ITransfer, IBlockListener
{
    private readonly DataPlane _first;
    private readonly DataPlane _second;
    private readonly EpochLinks _from;
    private readonly EpochLinks _to;
    private readonly SemaphoreSlim _received = new(0);
    private Buckets? _target;
    private int _iteration;
    private volatile bool _isOver;

    public LinkTransfer(string name, Func<DataPlaneOptions, DataPlaneOptions> change)
    {
        Name = name;
        _first = DataPlane.Listen(change(new DataPlaneOptions { Node = 1, Name = "first", Host = "127.0.0.1" }));
        _second = DataPlane.Listen(change(new DataPlaneOptions { Node = 2, Name = "second", Host = "127.0.0.1" }));
        PeerAddress[] members = [_first.Address, _second.Address];
        _from = _first.Open(1, 0, members, [1], this);
        _to = _second.Open(1, 1, members, [0], this);
    }

    public string Name { get; }

    public TimeSpan Send(Buckets from, Buckets to)
    {
        _target = to;
        _iteration++;
        long begun = Stopwatch.GetTimestamp();
        for (int i = 0; i < from.Count; i++)
            _from.Send(1, new BlockId(BlockStream.Partial, _iteration, i), from.Parts[i]);
        for (int i = 0; i < from.Count; i++)
            _received.Wait();
        return Stopwatch.GetElapsedTime(begun);
    }

    public nint BufferFor(int peer, BlockId block, long length) => _target!.At(block.Index);

    public void Received(int peer, BlockId block) => _received.Release();

    public void Sent(int peer, BlockId block)
    {
    }

    public void Lost(int peer, string reason, bool isGone)
    {
        // The first of the two to be disposed says goodbye to the other.
        if (!_isOver)
            Console.Error.WriteLine($"{Name}: {reason}");
    }

    public void Dispose()
    {
        _isOver = true;
        _from.Dispose();
        _to.Dispose();
        _first.Dispose();
        _second.Dispose();
        _received.Dispose();
    }
}
