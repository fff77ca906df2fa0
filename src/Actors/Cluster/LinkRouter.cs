using System.Collections.Concurrent;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Compute.Blobs;

namespace CaffeActors.Actors.Cluster;

/// <summary>
/// A node's links in one epoch, shared by those who use them: first the parameters are handed over, then gradients are
/// summed. Thread-safe.
/// </summary>
internal sealed class LinkRouter : IBlockListener, IDisposable
{
    private readonly ConcurrentDictionary<int, Blob> _state = new();
    private readonly TaskCompletionSource<StateHead> _head = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<int, string, bool> _lost;
    private readonly List<Blob> _kept = [];
    private volatile IBlockListener? _reducer;
    private volatile int _headLength;
    private volatile int _blobs = int.MaxValue;
    private int _arrived;
    private long _events;

    /// <summary>Waits for links.</summary>
    /// <param name="lost">Hears of a link that is gone: the peer's rank, why, and whether its process is gone.</param>
    public LinkRouter(Action<int, string, bool> lost) => _lost = lost;

    /// <summary>The links, once they are open.</summary>
    public EpochLinks? Links { get; set; }

    /// <summary>Grows with whatever comes or goes.</summary>
    public long Events => Interlocked.Read(ref _events);

    /// <summary>Hands the links to who sums gradients; from then on it hears of blocks.</summary>
    /// <param name="reducer">Who hears.</param>
    public IBlockLinks Use(IBlockListener reducer)
    {
        _reducer = reducer;
        return new Shared(this);
    }

    /// <summary>Keeps what is sent until the links close.</summary>
    /// <param name="sent">What is sent.</param>
    public Blob Keep(Blob sent)
    {
        _kept.Add(sent);
        return sent;
    }

    /// <summary>What the source says of the parameters.</summary>
    public Task<StateHead> HeadAsync(CancellationToken cancel) => _head.Task.WaitAsync(cancel);

    /// <summary>The parameters and history that the source sent.</summary>
    /// <param name="count">How many blobs they are.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<IReadOnlyList<Blob>> BlobsAsync(int count, CancellationToken cancel)
    {
        _blobs = count;
        TellWhole();
        await _whole.Task.WaitAsync(cancel);
        return [.. Enumerable.Range(1, count).Select(index => _state[index])];
    }

    /// <inheritdoc/>
    public unsafe nint BufferFor(int peer, BlockId block, long length)
    {
        Interlocked.Increment(ref _events);
        if (block.Stream != BlockStream.State)
            return _reducer?.BufferFor(peer, block, length) ?? 0;
        // The first one is a message, kept as floats too: its length is rounded up, and told before it.
        Blob blob = _state.GetOrAdd(
            block.Index, static (_, floats) => new Blob(floats), checked((int)((length + 3) / 4)));
        if (block.Index == 0)
            _headLength = (int)length;
        return (nint)blob.MutableCpuData;
    }

    /// <inheritdoc/>
    public unsafe void Received(int peer, BlockId block)
    {
        Interlocked.Increment(ref _events);
        if (block.Stream != BlockStream.State)
        {
            _reducer?.Received(peer, block);
        }
        else if (block.Index == 0)
        {
            _head.TrySetResult(StateHead.Parser.ParseFrom(new ReadOnlySpan<byte>(_state[0].CpuData, _headLength)));
        }
        else
        {
            Interlocked.Increment(ref _arrived);
            TellWhole();
        }
    }

    /// <inheritdoc/>
    public void Sent(int peer, BlockId block)
    {
        Interlocked.Increment(ref _events);
        if (block.Stream != BlockStream.State)
            _reducer?.Sent(peer, block);
    }

    /// <inheritdoc/>
    public void Lost(int peer, string reason, bool isGone) => _lost(peer, reason, isGone);

    /// <inheritdoc/>
    public void Dispose()
    {
        Links?.Dispose();
        foreach (Blob blob in _kept)
            blob.Dispose();
        _kept.Clear();
    }

    private void TellWhole()
    {
        if (Volatile.Read(ref _arrived) >= _blobs)
            _whole.TrySetResult();
    }

    // The links are the epoch's: whoever uses them does not close them.
    private sealed class Shared(LinkRouter router) : IBlockLinks
    {
        public void Send(int peer, BlockId block, IReadOnlyList<BlockPart> parts) =>
            router.Links!.Send(peer, block, parts);

        public void Dispose() => router._reducer = null;
    }
}
