using System.Net;
using System.Net.Sockets;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Tests.Cluster.Membership;
using CaffeActors.Testing;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>Links over TLS, with certificates made here.</summary>
public sealed class LinkSecurityTests : IDisposable
{
    private static readonly BlockId _block = new(BlockStream.Sum, 1, 0);

    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _ours, _others;
    private readonly List<NodeCertificates> _certificates = [];

    public LinkSecurityTests() => (_ours, _others) = (new(_folder.Path, "ours"), new(_folder.Path, "others"));

    public void Dispose()
    {
        _certificates.ForEach(certificates => certificates.Dispose());
        _ours.Dispose();
        _others.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Blocks_CrossEncrypted_AndACutIsMended()
    {
        LinkSecurity first = Open(_ours.Sign("a", "127.0.0.1") with { CheckNames = true });
        LinkSecurity second = Open(_ours.Sign("bb", "127.0.0.1", pkcs12: true));
        await using TwoNodes nodes = Nodes(first, second);
        nodes.Proxy.CutAfter(2_000_000, ProxyDirection.ToClient);
        (EpochLinks down, EpochLinks up) = nodes.Open();
        using var payload = new Payload(5_000_001);
        down.Send(1, _block, payload.Parts());
        up.Send(0, _block, payload.Parts());
        await nodes.AtSecond.ReceivesAsync(1);
        await nodes.AtFirst.ReceivesAsync(1);
        await nodes.AtFirst.SendsAsync(1);
        Assert.True(payload.Bytes.SequenceEqual(nodes.AtSecond.Bytes(0, _block)));
        Assert.True(payload.Bytes.SequenceEqual(nodes.AtFirst.Bytes(1, _block)));
        Assert.Equal(1, down.Figures(1).Breaks);
    }

    [Fact]
    public async Task OneOfAnotherAuthority_IsNotLetIn()
    {
        // It trusts ours, but is not trusted.
        LinkSecurity stranger = Open(_others.Sign("bb", "127.0.0.1") with
        {
            Authorities = _ours.Sign("ccc", "127.0.0.1").Authorities,
        });
        await RefusesAsync(stranger, "(CN=bb) is not trusted");
    }

    [Fact]
    public async Task OneWithoutACertificate_IsNotLetIn() => await RefusesAsync(null, "refused");

    [Fact]
    public async Task AnAuthorityThatIsNotTrusted_IsNotConnectedTo()
    {
        // The one that is connected to trusts both.
        LinkSecurity first = Open(_others.Sign("a", "127.0.0.1") with
        {
            Authorities = _ours.Sign("ccc", "127.0.0.1").Authorities,
        });
        await using TwoNodes nodes = Nodes(first, Open(_ours.Sign("bb", "127.0.0.1")));
        nodes.Open();
        await nodes.AtSecond.LosesAsync();
        Assert.Contains("(CN=a) is not trusted", Assert.Single(nodes.AtSecond.Lost).Reason);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ANameThatIsNotTheHosts_IsRefusedWhereNamesAreChecked(bool checks)
    {
        LinkSecurity first = Open(_ours.Sign("a", "10.0.0.1"));
        LinkSecurity second = Open(_ours.Sign("bb", "127.0.0.1") with { CheckNames = checks });
        await using TwoNodes nodes = Nodes(first, second);
        (EpochLinks links, _) = nodes.Open();
        using var payload = new Payload(1000);
        links.Send(1, _block, payload.Parts());
        if (checks)
        {
            await nodes.AtSecond.LosesAsync();
            Assert.Contains("does not name its address", nodes.AtSecond.Lost[0].Reason);
        }
        else
        {
            await nodes.AtSecond.ReceivesAsync(1);
        }
    }

    [Fact]
    public async Task PlainBytes_AreRefused()
    {
        LinkSecurity own = Open(_ours.Sign("a", "127.0.0.1"));
        await using TwoNodes nodes = Nodes(own, own);
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await stranger.ConnectAsync(
            new IPEndPoint(IPAddress.Loopback, nodes.First.Port), TestContext.Current.CancellationToken);
        byte[] bytes = new byte[Greeting.Size];
        new Greeting(1, GreetingPurpose.Link, 1, 0, TwoNodes.SecondNode, TwoNodes.FirstNode, 0).Write(bytes);
        await stranger.SendAsync(bytes);
        await Eventually.HoldsAsync(() => nodes.Log.Any(line => line.Contains("was refused")), "a line of the log");
    }

    // The second node, which connects, is refused by the first one, and that is logged.
    private async Task RefusesAsync(LinkSecurity? stranger, string logged)
    {
        await using TwoNodes nodes = Nodes(
            Open(_ours.Sign("a", "127.0.0.1")), stranger, openWithin: TimeSpan.FromSeconds(1));
        (EpochLinks first, _) = nodes.Open();
        await nodes.AtSecond.LosesAsync();
        Assert.Contains(nodes.Log, line => line.StartsWith("a connection from") && line.Contains(logged));
        Assert.Equal(0, first.Figures(1).BytesReceived);
    }

    private static TwoNodes Nodes(LinkSecurity first, LinkSecurity? second, TimeSpan? openWithin = null) =>
        new(options => options with
        {
            Security = options.Node == TwoNodes.FirstNode ? first : second,
            OpenWithin = openWithin ?? options.OpenWithin,
        });

    private LinkSecurity Open(TlsSettings settings)
    {
        NodeCertificates certificates = NodeCertificates.Open(settings, password: null);
        _certificates.Add(certificates);
        return new LinkSecurity(certificates);
    }
}
