using System.Net;
using System.Net.Sockets;
using CaffeActors.Actors.Cluster.Transport;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Cluster.Tests.Transport;

/// <summary>Links over TLS, with certificates made here.</summary>
public sealed class NodeIdentityTests
{
    private static readonly BlockId _block = new(BlockStream.Sum, 1, 0);

    [Theory]
    [InlineData("pem")]
    [InlineData("pem-and-key")]
    [InlineData("encrypted")]
    [InlineData("pfx")]
    public async Task Blocks_CrossEncrypted(string form)
    {
        using var authority = new TestAuthority();
        using NodeIdentity identity = authority.Issue(form: form);
        await using var nodes = new TwoNodes(options => options with { Identity = identity });
        (EpochLinks first, EpochLinks second) = nodes.Open();
        using var payload = new Payload(5_000_001);
        first.Send(1, _block, payload.Parts());
        second.Send(0, _block, payload.Parts());
        await nodes.AtSecond.ReceivesAsync(1);
        await nodes.AtFirst.ReceivesAsync(1);
        await nodes.AtFirst.SendsAsync(1);
        Assert.True(payload.Bytes.SequenceEqual(nodes.AtSecond.Bytes(0, _block)));
        Assert.True(payload.Bytes.SequenceEqual(nodes.AtFirst.Bytes(1, _block)));
    }

    [Fact]
    public async Task ACut_IsMendedEncryptedToo()
    {
        using var authority = new TestAuthority();
        using NodeIdentity identity = authority.Issue();
        await using var nodes = new TwoNodes(options => options with { Identity = identity });
        using var payload = new Payload(5_000_001);
        nodes.Proxy.CutAfter(2_000_000, Testing.ProxyDirection.ToClient);
        (EpochLinks first, _) = nodes.Open();
        first.Send(1, _block, payload.Parts());
        await nodes.AtFirst.SendsAsync(1);
        Assert.True(payload.Bytes.SequenceEqual(nodes.AtSecond.Bytes(0, _block)));
        Assert.Equal(1, first.Figures(1).Breaks);
    }

    [Fact]
    public async Task OneOfAnotherAuthority_IsNotLetIn()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority("other");
        // The stranger trusts us; we do not trust it.
        using NodeIdentity own = authority.Issue();
        using NodeIdentity stranger = NodeIdentity.Load(other.Files() with { Authorities = [authority.Path] });
        await RefusesAsync(own, stranger, "CN=a node is not trusted");
    }

    [Fact]
    public async Task OneWithoutACertificate_IsNotLetIn()
    {
        using var authority = new TestAuthority();
        using NodeIdentity own = authority.Issue();
        await RefusesAsync(own, null, "refused");
    }

    [Fact]
    public async Task ACertificateThatHasExpired_IsNotLetIn()
    {
        using var authority = new TestAuthority();
        using NodeIdentity own = authority.Issue();
        using NodeIdentity old = authority.Issue(days: 1);
        await RefusesAsync(own, old, "not trusted");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ANameThatIsNotTheHosts_IsRefusedWhereNamesAreChecked(bool checks)
    {
        using var authority = new TestAuthority();
        using NodeIdentity elsewhere = authority.Issue("elsewhere.example", checksNames: checks);
        await using var nodes = new TwoNodes(options => options with { Identity = elsewhere });
        (EpochLinks first, _) = nodes.Open();
        using var payload = new Payload(1000);
        first.Send(1, _block, payload.Parts());
        if (checks)
        {
            await nodes.AtSecond.LosesAsync();
            Assert.Contains("not for the host", nodes.AtSecond.Lost[0].Reason);
        }
        else
        {
            await nodes.AtSecond.ReceivesAsync(1);
        }
    }

    [Fact]
    public async Task PlainBytes_AreRefused()
    {
        using var authority = new TestAuthority();
        using NodeIdentity identity = authority.Issue();
        await using var nodes = new TwoNodes(options => options with { Identity = identity });
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await stranger.ConnectAsync(
            new IPEndPoint(IPAddress.Loopback, nodes.First.Port), TestContext.Current.CancellationToken);
        byte[] bytes = new byte[Greeting.Size];
        new Greeting(1, GreetingPurpose.Link, 1, 0, TwoNodes.SecondNode, TwoNodes.FirstNode, 0).Write(bytes);
        await stranger.SendAsync(bytes);
        await Eventually.HoldsAsync(() => nodes.Log.Any(line => line.Contains("was refused")), "a line of the log");
    }

    [Fact]
    public void FilesThatCannotBeUsed_AreNamed()
    {
        using var authority = new TestAuthority();
        NodeIdentityFiles files = authority.Files(form: "pem-and-key");
        string noPem = authority.Write("no.pem", "nothing");
        Refuses(files with { Certificate = "missing.pem" }, ErrorCodes.FileNotFound, "missing.pem");
        Refuses(files with { Authorities = [noPem] }, ErrorCodes.BadSetting, "no authority");
        Refuses(files with { Authorities = [] }, ErrorCodes.BadSetting, "no authority");
        Refuses(files with { Certificate = noPem }, ErrorCodes.BadSetting, "no.pem");
        Refuses(files with { Key = "" }, ErrorCodes.BadSetting, files.Certificate);
        Refuses(authority.Files(form: "pfx") with { Password = "wrong" }, ErrorCodes.BadSetting, ".pfx");
    }

    // The second node, which connects, is refused by the first one and logged there.
    private static async Task RefusesAsync(NodeIdentity own, NodeIdentity? stranger, string logged)
    {
        await using var nodes = new TwoNodes(options => options with
        {
            Identity = options.Node == TwoNodes.FirstNode ? own : stranger,
            OpenWithin = TimeSpan.FromSeconds(1),
        });
        (EpochLinks first, _) = nodes.Open();
        await nodes.AtSecond.LosesAsync();
        Assert.Contains(nodes.Log, line => line.StartsWith("a connection from") && line.Contains(logged));
        Assert.Equal(0, first.Figures(1).BytesReceived);
    }

    private static void Refuses(NodeIdentityFiles files, string code, string text)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => NodeIdentity.Load(files).Dispose());
        Assert.Equal((code, FailureKind.Configuration), (failure.Code, failure.Kind));
        Assert.Contains(text, failure.Message);
    }
}
