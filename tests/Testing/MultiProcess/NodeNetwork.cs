using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace CaffeActors.Testing.MultiProcess;

/// <summary>
/// The network between nodes of this machine. Each node listens on two ports of 127.0.0.1 and is known to others by an
/// address of its own, 127.0.1.1 and on, with the same ports: what arrives there goes through a proxy that belongs to
/// the two nodes, so that the network between any two can be broken. Without proxies all are known as 127.0.0.1. Linux
/// only.
/// </summary>
public sealed class NodeNetwork : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<int, int> _processes = new();
    private readonly TcpProxy[,] _links;
    // What nodes do not connect for, such as a question for the cluster's state.
    private readonly TcpProxy _others = new();
    private readonly List<Socket> _fronts = [];
    private readonly List<Task> _accepting = [];
    private readonly int[] _ports;
    private readonly bool _hasProxies;

    /// <summary>Makes a network.</summary>
    /// <param name="nodes">Of how many nodes.</param>
    /// <param name="hasProxies">Whether it can be broken. Where it cannot, a port whose node has ended refuses
    /// connections, as a machine does whose process has ended; a proxy accepts and closes them. Default true.</param>
    public NodeNetwork(int nodes, bool hasProxies = true)
    {
        _hasProxies = hasProxies;
        _ports = new int[nodes];
        _links = new TcpProxy[nodes, nodes];
        for (int node = 0; node < nodes; node++)
        {
            for (int other = 0; other < nodes; other++)
                _links[node, other] = new TcpProxy();
            _ports[node] = OpenFronts(node);
        }
    }

    /// <summary>How a node is called by the others: its IP address.</summary>
    public string HostOf(int node) => _hasProxies ? $"127.0.1.{node + 1}" : "127.0.0.1";

    /// <summary>A node's port for membership and control; gradients take the one after it.</summary>
    public int PortOf(int node) => _ports[node];

    /// <summary>A node's address, as seeds are named.</summary>
    public string AddressOf(int node) => $"{HostOf(node)}:{PortOf(node)}";

    /// <summary>The network by which one node connects to another; what is answered goes over it too.</summary>
    public TcpProxy Link(int from, int to) => _links[from, to];

    /// <summary>Says which process a node is.</summary>
    public void Tell(int node, int process) => _processes[process] = node;

    /// <summary>Splits the network: what some nodes and all others send each other is held back, until
    /// <see cref="Heal"/>.</summary>
    /// <param name="side">The nodes on one side.</param>
    public void Split(params int[] side)
    {
        foreach ((int from, int to) in Pairs().Where(pair => side.Contains(pair.From) != side.Contains(pair.To)))
            _links[from, to].Blackhole();
    }

    /// <summary>Makes the network whole; what was held back arrives.</summary>
    public void Heal()
    {
        foreach ((int from, int to) in Pairs())
            _links[from, to].Forward();
    }

    /// <summary>Resets all connections between two nodes; they may connect anew.</summary>
    public void Cut(int one, int other)
    {
        _links[one, other].Cut();
        _links[other, one].Cut();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _fronts.ForEach(front => front.Dispose());
        await Task.WhenAll(_accepting);
        foreach ((int from, int to) in Pairs())
            await _links[from, to].DisposeAsync();
        await _others.DisposeAsync();
        _over.Dispose();
    }

    private IEnumerable<(int From, int To)> Pairs() =>
        from one in Enumerable.Range(0, _ports.Length)
        from other in Enumerable.Range(0, _ports.Length)
        select (one, other);

    // Finds two ports in a row that are free where the node listens and where the others connect to; without proxies
    // none other of these nodes' either.
    private int OpenFronts(int node)
    {
        const int Attempts = 100;
        for (int attempt = 0; ; attempt++)
        {
            using Socket probe = Listen(IPAddress.Loopback, 0);
            int port = ((IPEndPoint)probe.LocalEndPoint!).Port;
            if (Array.Exists(_ports, other => Math.Abs(other - port) <= 1))
                continue;
            List<Socket> fronts = [];
            try
            {
                using Socket next = Listen(IPAddress.Loopback, port + 1);
                foreach (int own in _hasProxies ? (int[])[port, port + 1] : [])
                    fronts.Add(Listen(IPAddress.Parse(HostOf(node)), own));
            }
            catch (Exception failure) when (
                failure is SocketException or ArgumentOutOfRangeException && attempt < Attempts)
            {
                fronts.ForEach(front => front.Dispose());
                continue;
            }

            foreach (Socket front in fronts)
            {
                _fronts.Add(front);
                _accepting.Add(AcceptAsync(front, node));
            }

            return port;
        }
    }

    private static Socket Listen(IPAddress address, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(128);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync(Socket front, int node)
    {
        var target = new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)front.LocalEndPoint!).Port);
        try
        {
            while (true)
            {
                Socket client = await front.AcceptAsync(_over.Token);
                TcpProxy proxy = ConnectionOwner.Find(client, _processes.Keys) is { } process
                    ? _links[_processes[process], node]
                    : _others;
                proxy.Carry(client, target);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException
            or SocketException)
        {
            // The network is being disposed.
        }
    }
}
