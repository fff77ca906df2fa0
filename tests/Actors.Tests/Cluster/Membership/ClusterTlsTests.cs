using System.Net.Security;
using Akka.Actor;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Cluster.Messages;
using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Logging;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Testing;

namespace CaffeActors.Actors.Tests.Cluster.Membership;

public sealed class ClusterTlsTests : IAsyncLifetime
{
    private static readonly TimeSpan _most = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _ours, _others;
    private readonly List<ActorSystem> _systems = [];
    private readonly List<NodeCertificates> _certificates = [];
    private readonly RunLog _log = new(TextWriter.Null);

    public ClusterTlsTests() => (_ours, _others) = (new(_folder.Path, "ours"), new(_folder.Path, "others"));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (ActorSystem system in _systems)
            await system.Terminate();
        _certificates.ForEach(certificates => certificates.Dispose());
        _log.Dispose();
        _ours.Dispose();
        _others.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NodesOfOneAuthority_Speak(bool checkNames)
    {
        ActorSystem first = Start(_ours.Sign("a", "127.0.0.1") with { CheckNames = checkNames });
        ActorSystem second = Start(_ours.Sign("bb", "127.0.0.1", "secret", pkcs12: true) with
        {
            CheckNames = checkNames,
        }, "secret");
        IActorRef echo = first.ActorOf(Props.Create(() => new Echo()), "echo");
        Assert.Equal("akka.ssl.tcp", ClusterSystem.AddressOf(first).Protocol);
        Assert.Equal(new Freeze { Epoch = 5 }, await There(second, first, echo)
            .Ask<Freeze>(new Freeze { Epoch = 5 }, _most, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task NodeOfAnotherAuthority_IsRefusedByEither()
    {
        ActorSystem ours = Start(_ours.Sign("a", "127.0.0.1"));
        // It trusts ours, but is not trusted.
        ActorSystem stranger = Start(_others.Sign("bb", "127.0.0.1") with
        {
            Authorities = _ours.Sign("ccc", "127.0.0.1").Authorities,
        });
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _log.Warned += (text, _) =>
        {
            if (text.Contains("(CN=bb) is not trusted", StringComparison.Ordinal))
                told.TrySetResult();
        };
        IActorRef echo = ours.ActorOf(Props.Create(() => new Echo()), "echo");
        Task<Freeze> answer = There(stranger, ours, echo)
            .Ask<Freeze>(new Freeze { Epoch = 5 }, _most, TestContext.Current.CancellationToken);
        await told.Task.WaitAsync(_most, TestContext.Current.CancellationToken);
        Assert.False(answer.IsCompleted);
    }

    [Fact]
    public void CertificateThatNamesAnotherAddress_IsRefusedWhereNamesAreChecked()
    {
        TlsSettings settings = _ours.Sign("a", "10.0.0.1");
        NodeCertificates lenient = Open(settings), strict = Open(settings with { CheckNames = true });
        Assert.Null(lenient.Refuses(
            lenient.Own, SslPolicyErrors.RemoteCertificateNameMismatch, outbound: true));
        Assert.Contains("does not name its address", strict.Refuses(
            strict.Own, SslPolicyErrors.RemoteCertificateNameMismatch, outbound: true), StringComparison.Ordinal);
        Assert.Null(strict.Refuses(
            strict.Own, SslPolicyErrors.RemoteCertificateNameMismatch, outbound: false));
        Assert.Equal("it shows no certificate", lenient.Refuses(
            null, SslPolicyErrors.RemoteCertificateNotAvailable, outbound: false));
    }

    [Fact]
    public void EncryptedKey_IsReadWithItsPassword()
    {
        TlsSettings settings = _ours.Sign("a", "127.0.0.1", "secret");
        Assert.True(Open(settings, "secret").Own.HasPrivateKey);
        CaffeException failure = Assert.Throws<CaffeException>(() => Open(settings, "wrong"));
        Assert.Equal(ErrorCodes.BadSetting, failure.Code);
        Assert.Contains(settings.Certificate, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesThatAreNotThere_AreErrors()
    {
        TlsSettings settings = _ours.Sign("a", "127.0.0.1");
        foreach (TlsSettings wrong in (TlsSettings[])[
            settings with { Certificate = "gone.pem" }, settings with { Key = "gone.key" },
            settings with { Authorities = ["gone-ca.pem"] }, settings with { Key = settings.Authorities[0] }])
        {
            Assert.Equal(ErrorCodes.BadSetting, Assert.Throws<CaffeException>(() => Open(wrong)).Code);
        }
    }

    private static ActorSelection There(ActorSystem from, ActorSystem to, IActorRef actor) =>
        from.ActorSelection(actor.Path.ToStringWithAddress(ClusterSystem.AddressOf(to)));

    private NodeCertificates Open(TlsSettings settings, string? password = null)
    {
        NodeCertificates certificates = NodeCertificates.Open(settings, password);
        _certificates.Add(certificates);
        return certificates;
    }

    private ActorSystem Start(TlsSettings tls, string? password = null)
    {
        ActorSystem system = ClusterSystem.Start(
            new ClusterSettings { Port = 0, Tls = tls }, "127.0.0.1", Open(tls, password), _log);
        _systems.Add(system);
        return system;
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }
}
