using System.Collections.Concurrent;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Testing;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>Two nodes in this process with a link between them. The second connects to the first, through a
/// proxy.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    public const ulong FirstNode = 0xA1, SecondNode = 0xB2;

    private readonly List<EpochLinks> _open = [];

    public TwoNodes(Func<DataPlaneOptions, DataPlaneOptions>? change = null, Func<BlockId, bool>? wants = null)
    {
        change ??= options => options;
        First = DataPlane.Listen(change(Options(FirstNode)));
        Second = DataPlane.Listen(change(Options(SecondNode)));
        Proxy = TcpProxy.Start(First.Port);
        Members =
        [
            new PeerAddress(FirstNode, "first", "127.0.0.1", Proxy.Port),
            new PeerAddress(SecondNode, "second", "127.0.0.1", Second.Port),
        ];
        AtFirst = new Recorder { Wants = wants ?? (_ => true) };
        AtSecond = new Recorder { Wants = wants ?? (_ => true) };
    }

    public DataPlane First { get; }

    public DataPlane Second { get; }

    /// <summary>Stands before the first node.</summary>
    public TcpProxy Proxy { get; }

    public PeerAddress[] Members { get; set; }

    public Recorder AtFirst { get; }

    public Recorder AtSecond { get; }

    /// <summary>What both have logged.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    public EpochLinks OpenFirst(ulong epoch = 1) => Add(First.Open(epoch, 0, Members, [1], AtFirst));

    public EpochLinks OpenSecond(ulong epoch = 1) => Add(Second.Open(epoch, 1, Members, [0], AtSecond));

    public (EpochLinks First, EpochLinks Second) Open(ulong epoch = 1) => (OpenFirst(epoch), OpenSecond(epoch));

    public DataPlaneOptions Options(ulong node) => new()
    {
        Node = node,
        Host = "127.0.0.1",
        Log = Log.Enqueue,
    };

    public async ValueTask DisposeAsync()
    {
        // Links end before the memory that they use.
        _open.ForEach(links => links.Dispose());
        First.Dispose();
        Second.Dispose();
        await Proxy.DisposeAsync();
        AtFirst.Dispose();
        AtSecond.Dispose();
    }

    private EpochLinks Add(EpochLinks links)
    {
        _open.Add(links);
        return links;
    }
}
