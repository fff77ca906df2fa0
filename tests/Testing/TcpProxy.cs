using System.Net;
using System.Net.Sockets;

namespace CaffeActors.Testing;

/// <summary>
/// Stands before a port of this machine and does to connections what networks do: holds bytes back, slows them down,
/// delays them, changes them, cuts connections. It begins by forwarding everything. Thread-safe.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly Socket? _listener;
    private readonly CancellationTokenSource _over = new();
    private readonly ProxyLane _toTarget = new();
    private readonly ProxyLane _toClient = new();
    private readonly Lock _gate = new();
    // Both ends of each connection.
    private readonly HashSet<(Socket Client, Socket Target)> _open = [];
    private readonly List<Task> _work = [];
    private int _connections;

    /// <summary>Makes a proxy without a port, which is handed connections (<see cref="Carry"/>).</summary>
    public TcpProxy()
    {
    }

    private TcpProxy(int targetPort)
    {
        TargetPort = targetPort;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _work.Add(AcceptAsync(_listener));
    }

    /// <summary>The proxy's own port on 127.0.0.1, to which others connect.</summary>
    public int Port { get; }

    /// <summary>The port on 127.0.0.1 that connections are led to; it may be told before the first one.</summary>
    public int TargetPort { get; set; }

    /// <summary>How many connections were made through it.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Makes a proxy.</summary>
    /// <param name="targetPort">The port on 127.0.0.1 that connections are led to.</param>
    public static TcpProxy Start(int targetPort = 0) => new(targetPort);

    /// <summary>Takes a connection that somebody has accepted, and leads it on.</summary>
    /// <param name="client">The connection; belongs to the proxy from here on.</param>
    /// <param name="target">To where.</param>
    public void Carry(Socket client, IPEndPoint target)
    {
        Interlocked.Increment(ref _connections);
        lock (_gate)
        {
            _work.RemoveAll(task => task.IsCompleted);
            _work.Add(CarryAsync(client, target));
        }
    }

    /// <summary>How many bytes have passed.</summary>
    /// <param name="direction">Which way; of both the sum.</param>
    public long Passed(ProxyDirection direction = ProxyDirection.Both) => Lanes(direction).Sum(lane => lane.Passed);

    /// <summary>Lets everything pass again; what was held back goes on.</summary>
    public void Forward() => Each(ProxyDirection.Both, lane => lane.Forward());

    /// <summary>Lets nothing pass, as a network does that is split: connections stay open and new ones are accepted,
    /// but what is sent does not arrive before <see cref="Forward"/>.</summary>
    public void Blackhole(ProxyDirection direction = ProxyDirection.Both) => Each(direction, lane => lane.Hold());

    /// <summary>Lets so many bytes pass in a second, on each connection.</summary>
    public void Throttle(long bytesPerSecond, ProxyDirection direction = ProxyDirection.Both) =>
        Each(direction, lane => lane.Throttle(bytesPerSecond));

    /// <summary>Lets each piece wait for so long, and those behind it.</summary>
    public void Delay(TimeSpan delay, ProxyDirection direction = ProxyDirection.Both) =>
        Each(direction, lane => lane.Delay(delay));

    /// <summary>Cuts all connections with a reset; new ones are taken.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            foreach ((Socket client, Socket target) in _open)
                Reset(client, target);
            _open.Clear();
        }
    }

    /// <summary>Cuts a connection with a reset when so many more bytes have passed, once.</summary>
    public void CutAfter(long bytes, ProxyDirection direction) => Each(direction, lane => lane.CutAfter(bytes));

    /// <summary>Changes one bit of the byte that comes after so many more, once.</summary>
    public void CorruptAfter(long bytes, ProxyDirection direction) => Each(direction, lane => lane.CorruptAfter(bytes));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener?.Dispose();
        Cut();
        Task[] work;
        lock (_gate)
            work = [.. _work];
        await Task.WhenAll(work);
        _over.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
                Carry(await listener.AcceptAsync(_over.Token), new IPEndPoint(IPAddress.Loopback, TargetPort));
        }
        catch (Exception failure) when (IsEnd(failure))
        {
            // The proxy is being disposed.
        }
    }

    private async Task CarryAsync(Socket client, IPEndPoint to)
    {
        var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        lock (_gate)
            _open.Add((client, target));
        try
        {
            client.NoDelay = target.NoDelay = true;
            await _toTarget.WhenOpen().WaitAsync(_over.Token);
            await target.ConnectAsync(to, _over.Token);
            Task there = _toTarget.CarryAsync(client, target, _over.Token);
            Task back = _toClient.CarryAsync(target, client, _over.Token);
            // Where one way fails, so does the other.
            await await Task.WhenAny(there, back);
            await Task.WhenAll(there, back);
            client.Dispose();
            target.Dispose();
        }
        catch (Exception failure) when (IsEnd(failure))
        {
            Reset(client, target);
        }

        lock (_gate)
            _open.Remove((client, target));
    }

    private IEnumerable<ProxyLane> Lanes(ProxyDirection direction)
    {
        if (direction.HasFlag(ProxyDirection.ToTarget))
            yield return _toTarget;
        if (direction.HasFlag(ProxyDirection.ToClient))
            yield return _toClient;
    }

    private void Each(ProxyDirection direction, Action<ProxyLane> change)
    {
        foreach (ProxyLane lane in Lanes(direction))
            change(lane);
    }

    private static void Reset(Socket client, Socket target)
    {
        foreach (Socket socket in (Socket[])[client, target])
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception failure) when (IsEnd(failure))
            {
                // It is closed already.
            }

            socket.Dispose();
        }
    }

    private static bool IsEnd(Exception failure) =>
        failure is SocketException or IOException or ObjectDisposedException or OperationCanceledException;
}
