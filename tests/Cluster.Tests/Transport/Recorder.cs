using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using CaffeActors.Actors.Cluster.Transport;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>Takes blocks into memory of its own and remembers what it was told.</summary>
internal sealed class Recorder : IBlockListener, IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<(int Peer, BlockId Block), (nint At, long Length)> _buffers = new();
    private readonly Lock _gate = new();
    private readonly List<(int Peer, BlockId Block)> _received = [];
    private readonly List<(int Peer, BlockId Block)> _sent = [];
    private readonly List<(int Peer, string Reason)> _lost = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether a block is wanted. Default: all are.</summary>
    public Func<BlockId, bool> Wants { get; init; } = _ => true;

    public IReadOnlyList<(int Peer, BlockId Block)> Received => Copy(_received);

    public IReadOnlyList<(int Peer, BlockId Block)> Sent => Copy(_sent);

    public IReadOnlyList<(int Peer, string Reason)> Lost => Copy(_lost);

    public unsafe nint BufferFor(int peer, BlockId block, long length)
    {
        if (!Wants(block))
            return 0;
        // A second question for the same block is a fault, and throws here.
        nint buffer = (nint)NativeMemory.AllocZeroed((nuint)Math.Max(1, length));
        if (!_buffers.TryAdd((peer, block), (buffer, length)))
            throw new InvalidOperationException($"{block} of {peer} was asked for twice.");
        return buffer;
    }

    void IBlockListener.Received(int peer, BlockId block) => Add(_received, (peer, block));

    void IBlockListener.Sent(int peer, BlockId block) => Add(_sent, (peer, block));

    void IBlockListener.Lost(int peer, string reason, bool isGone) => Add(_lost, (peer, reason));

    public unsafe ReadOnlySpan<byte> Bytes(int peer, BlockId block)
    {
        (nint at, long length) = _buffers[(peer, block)];
        return new ReadOnlySpan<byte>((void*)at, checked((int)length));
    }

    public Task ReceivesAsync(int count) => UntilAsync(() => _received.Count >= count, $"{count} blocks received");

    public Task SendsAsync(int count) => UntilAsync(() => _sent.Count >= count, $"{count} blocks sent");

    public Task LosesAsync(int count = 1) => UntilAsync(() => _lost.Count >= count, $"{count} links lost");

    public unsafe void Dispose()
    {
        foreach ((nint at, _) in _buffers.Values)
            NativeMemory.Free((void*)at);
    }

    private async Task UntilAsync(Func<bool> holds, string what)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (holds())
                    return;
                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(_patience, TestContext.Current.CancellationToken);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"Waited in vain for {what}: {_received.Count} received, {_sent.Count} sent, lost: "
                    + string.Join("; ", Lost.Select(lost => lost.Reason)));
            }
        }
    }

    private void Add<T>(List<T> to, T item)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            to.Add(item);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    private List<T> Copy<T>(List<T> from)
    {
        lock (_gate)
            return [.. from];
    }
}
