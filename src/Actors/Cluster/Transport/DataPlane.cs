using System.Net;
using System.Net.Sockets;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>
/// Where a node exchanges tensors with others: one port for all epochs, and links to the neighbours of each.
/// Thread-safe; disposing closes everything.
/// </summary>
internal sealed class DataPlane : IDisposable
{
    private const int Backlog = 512;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    private readonly DataPlaneOptions _options;
    private readonly Socket _listener;
    private readonly OpenEpochs _epochs = new();
    private readonly Reception _reception;
    private readonly Thread _accepting;
    private readonly ManualResetEventSlim _over = new();

    private DataPlane(DataPlaneOptions options, Socket listener)
    {
        (_options, _listener) = (options, listener);
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _reception = new Reception(options, _epochs);
        _accepting = new Thread(Accept) { IsBackground = true, Name = "data plane" };
        _accepting.Start();
    }

    /// <summary>The port that is listened on.</summary>
    public int Port { get; }

    /// <summary>Where the others find this node.</summary>
    public PeerAddress Address => new(
        _options.Node, _options.Name, AdvertisedHost, _options.AdvertisedPort > 0 ? _options.AdvertisedPort : Port);

    private string AdvertisedHost
    {
        get
        {
            if (_options.AdvertisedHost.Length > 0)
                return _options.AdvertisedHost;
            return IPAddress.TryParse(_options.Host, out IPAddress? address)
                && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
                ? Dns.GetHostName()
                : _options.Host;
        }
    }

    /// <summary>Listens for connections.</summary>
    /// <exception cref="CaffeException">The address cannot be listened on (CFA1006).</exception>
    public static DataPlane Listen(DataPlaneOptions options)
    {
        Socket? listener = null;
        try
        {
            IPAddress address = IPAddress.TryParse(options.Host, out IPAddress? parsed)
                ? parsed
                : Dns.GetHostAddresses(options.Host)[0];
            listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Equals(IPAddress.IPv6Any))
                listener.DualMode = true;
            listener.Bind(new IPEndPoint(address, options.Port));
            listener.Listen(Backlog);
            return new DataPlane(options, listener);
        }
        catch (SocketException failure)
        {
            listener?.Dispose();
            throw new CaffeException(
                ErrorCodes.CannotListen, FailureKind.Configuration,
                $"the data plane cannot listen on {options.Host}:{options.Port}: {failure.Message}; name another "
                + "address (cluster.host) or port (cluster.data-port), 0 for any that is free",
                inner: failure);
        }
    }

    /// <summary>Opens links to neighbours in an epoch. It returns at once; the links connect in the background, and
    /// send when they have. Both neighbours name each other; a link of which only one side exists is lost.</summary>
    /// <param name="epoch">The epoch: not below any that was opened.</param>
    /// <param name="rank">This node's rank.</param>
    /// <param name="members">All members of the epoch, by rank.</param>
    /// <param name="neighbours">Ranks of those to whom there are to be links.</param>
    /// <param name="listener">Who takes what comes.</param>
    /// <param name="channel">Keeps apart several sets of links of one epoch; each is opened once. Default 0.</param>
    /// <exception cref="ArgumentException">The member at the own rank is another, or a neighbour none.</exception>
    public EpochLinks Open(
        ulong epoch, int rank, IReadOnlyList<PeerAddress> members, IReadOnlyList<int> neighbours,
        IBlockListener listener, int channel = 0)
    {
        if (members[rank].Node != _options.Node)
            throw new ArgumentException($"Member {rank} is not this node.", nameof(members));
        var links = new Link?[members.Count];
        foreach (int peer in neighbours)
        {
            if (peer == rank || links[peer] is not null)
                throw new ArgumentException($"Node {peer} is no neighbour, or named twice.", nameof(neighbours));
            links[peer] = new Link(
                new LinkRoute(epoch, channel, rank, _options.Node, peer, members[peer]), listener, _options);
        }

        var opened = new EpochLinks(epoch, channel, links, _epochs.Remove);
        opened.Start();
        try
        {
            _epochs.Add(opened);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Set();
        _listener.Dispose();
        _accepting.Join();
        _epochs.Dispose();
        _reception.Dispose();
        _over.Dispose();
    }

    private void Accept()
    {
        while (true)
        {
            try
            {
                _reception.Receive(_listener.Accept());
            }
            catch (Exception failure) when (Connection.IsBreak(failure))
            {
                if (_over.IsSet)
                    return;
                // The guest's fault, or this process has too many files open: the next one may do better.
                _options.Log($"a connection could not be accepted: {failure.Message}");
                _over.Wait(_pause);
            }
        }
    }
}
