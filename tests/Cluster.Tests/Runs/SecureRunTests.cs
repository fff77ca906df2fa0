using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Tests.Cluster.Membership;
using CaffeActors.Testing;
using CaffeActors.Testing.MultiProcess;

namespace CaffeActors.Cluster.Tests.Runs;

/// <summary>A run whose nodes show each other certificates.</summary>
[Collection(ClusterRunCollection.Name)]
public sealed class SecureRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority;

    public SecureRunTests() => _authority = new TestAuthority(_folder.Path, "ours");

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task NodesWithCertificates_Train_AndOneWithoutIsLeftOut()
    {
        await using var run = new ClusterRun(3);
        NodeProcess first = run.Train(0, "2:2", ["--max-iter", "10", .. Tls("first")]);
        NodeProcess stranger = run.Work(2, "2:2", [0], "--max-iter", "10", "--set", "cluster.start-wait=5s");
        await run.ExitsAsync(stranger, 8);
        NodeProcess second = run.Work(1, "2:2", [0], ["--max-iter", "10", .. Tls("second")]);
        await run.ExitsAsync(first, 0);
        await run.ExitsAsync(second, 0);
        run.CheckEvents();
        Assert.All(run.Events.Where(what => what.Kind == "joined"),
            what => Assert.DoesNotContain(run.Network.AddressOf(2), what.Text, StringComparison.Ordinal));
        await run.CheckWeightsAsync(0);
    }

    private string[] Tls(string node)
    {
        TlsSettings tls = _authority.Sign(node, "127.0.0.1");
        return
        [
            "--set", "cluster.tls.enabled=on", "--set", $"cluster.tls.certificate={tls.Certificate}",
            "--set", $"cluster.tls.key={tls.Key}", "--set", $"cluster.tls.authorities=[{tls.Authorities[0]}]",
            "--set", "cluster.tls.check-names=on",
        ];
    }
}
