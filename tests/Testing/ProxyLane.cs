using System.Net.Sockets;

namespace CaffeActors.Testing;

/// <summary>One direction of a <see cref="TcpProxy"/>, over all its connections: how its bytes fare.
/// Thread-safe.</summary>
internal sealed class ProxyLane
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _open = Opened();
    private long _rate;
    private TimeSpan _delay;
    private long _passed;
    private long _cutAt = long.MaxValue;
    private long _corruptAt = long.MaxValue;

    /// <summary>Bytes that have passed.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>Lets everything pass as fast as it comes.</summary>
    public void Forward()
    {
        lock (_gate)
        {
            (_rate, _delay) = (0, TimeSpan.Zero);
            _open.TrySetResult();
        }
    }

    /// <summary>Holds back whatever comes.</summary>
    public void Hold()
    {
        lock (_gate)
        {
            if (_open.Task.IsCompleted)
                _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Lets so many bytes pass in a second.</summary>
    public void Throttle(long bytesPerSecond)
    {
        lock (_gate)
            _rate = bytesPerSecond;
    }

    /// <summary>Lets everything wait for so long.</summary>
    public void Delay(TimeSpan delay)
    {
        lock (_gate)
            _delay = delay;
    }

    /// <summary>Cuts the connection that carries the byte after so many more.</summary>
    public void CutAfter(long bytes)
    {
        lock (_gate)
            _cutAt = _passed + bytes;
    }

    /// <summary>Changes one bit of the byte after so many more.</summary>
    public void CorruptAfter(long bytes)
    {
        lock (_gate)
            _corruptAt = _passed + bytes;
    }

    /// <summary>Waits until bytes may pass.</summary>
    public Task WhenOpen()
    {
        lock (_gate)
            return _open.Task;
    }

    /// <summary>Carries bytes until one end is closed.</summary>
    /// <exception cref="IOException">The connection is to be cut here.</exception>
    public async Task CarryAsync(Socket from, Socket to, CancellationToken cancel)
    {
        byte[] buffer = new byte[64 << 10];
        while (await from.ReceiveAsync(buffer, cancel) is int count and > 0)
        {
            await WhenOpen().WaitAsync(cancel);
            (TimeSpan pause, bool isCut) = Account(buffer.AsSpan(0, count), out int passing);
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, cancel);
            for (int sent = 0; sent < passing;)
                sent += await to.SendAsync(buffer.AsMemory(sent, passing - sent), cancel);
            if (isCut)
                throw new IOException("the proxy cuts the connection");
        }

        to.Shutdown(SocketShutdown.Send);
    }

    private (TimeSpan Pause, bool IsCut) Account(Span<byte> bytes, out int passing)
    {
        lock (_gate)
        {
            bool isCut = _passed + bytes.Length > _cutAt;
            passing = isCut ? (int)(_cutAt - _passed) : bytes.Length;
            if (_corruptAt - _passed < passing)
            {
                bytes[(int)(_corruptAt - _passed)] ^= 0x10;
                _corruptAt = long.MaxValue;
            }

            if (isCut)
                _cutAt = long.MaxValue;
            _passed += passing;
            TimeSpan pause = _rate > 0 ? _delay + TimeSpan.FromSeconds((double)passing / _rate) : _delay;
            return (pause, isCut);
        }
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }
}
