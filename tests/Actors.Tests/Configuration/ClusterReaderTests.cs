using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Configuration;

public sealed class ClusterReaderTests
{
    private static ClusterSettings Read(string text) =>
        SettingsReader.Read(HoconDocument.ParseText(text, "run.hocon"), [], static _ => null).Cluster;

    [Fact]
    public void Default_IsARunThatIsAlone()
    {
        ClusterSettings settings = Read("");
        Assert.Equal(
            new ClusterSettings
            {
                SeedNodes = settings.SeedNodes,
                Tls = new TlsSettings { Authorities = settings.Tls.Authorities },
            },
            settings);
        Assert.Null(settings.Nodes);
        Assert.Empty(settings.SeedNodes);
        Assert.Empty(settings.Tls.Authorities);
        Assert.Equal((4053, 4054), (settings.Port, settings.DataPortOrNext));
    }

    [Fact]
    public void Keys_AreRead()
    {
        ClusterSettings settings = Read("""
            cluster {
              nodes = "2:8", seed-nodes = ["a:1", b], host = node-1, bind-host = "0.0.0.0", port = 0, start-wait = 1m
              min-nodes-wait = 0s, max-restarts = 3, progress-limit = 20s, reconnect-within = 500ms, compression = fp16
              fixed-batch = off, trace = on
              tls { enabled = on, certificate = node.pem, key = node.key, authorities = [ca.pem], check-names = on }
            }
            """);
        Assert.Equal(new NodeRange(2, 8), settings.Nodes);
        Assert.Equal([new NodeAddress("a", 1), new NodeAddress("b", 4053)], settings.SeedNodes);
        Assert.Equal(("node-1", "0.0.0.0", 0, 0),
            (settings.Host, settings.BindHost, settings.Port, settings.DataPortOrNext));
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.Zero), (settings.StartWait, settings.MinNodesWait));
        Assert.Equal((3, TimeSpan.FromSeconds(20)), (settings.MaxRestarts, settings.ProgressLimit));
        Assert.Equal((TimeSpan.FromMilliseconds(500), GradientCompression.Fp16),
            (settings.ReconnectWithin, settings.Compression));
        Assert.Equal((false, true), (settings.FixedBatch, settings.Trace));
        Assert.Equal((true, "node.pem", "node.key", true),
            (settings.Tls.Enabled, settings.Tls.Certificate, settings.Tls.Key, settings.Tls.CheckNames));
        Assert.Equal(["ca.pem"], settings.Tls.Authorities);
    }

    [Theory]
    [InlineData("nodes = 3", 3, 3)]
    [InlineData("nodes = \"1:1024\"", 1, 1024)]
    public void Nodes_AreARangeOrANumber(string text, int least, int most) =>
        Assert.Equal(new NodeRange(least, most), Read("cluster." + text).Nodes);

    [Theory]
    [InlineData("cluster.nodes = \"8:2\"", "cluster.nodes")]
    [InlineData("cluster.nodes = 0", "cluster.nodes")]
    [InlineData("cluster.nodes = \"2:8:9\"", "cluster.nodes")]
    [InlineData("cluster.nodes = 1025", "cluster.nodes")]
    [InlineData("cluster.seed-nodes = [\"a:b\"]", "cluster.seed-nodes")]
    [InlineData("cluster.seed-nodes = [\"a:0\"]", "cluster.seed-nodes")]
    [InlineData("cluster.host = \"a:4053\"", "cluster.host")]
    [InlineData("cluster.host = \"a b\"", "cluster.host")]
    [InlineData("cluster.port = 65535", "cluster.port")]
    [InlineData("cluster.compression = fp8", "cluster.compression")]
    [InlineData("cluster.progress-limit = 10ms", "cluster.progress-limit")]
    [InlineData("cluster.tls.enabled = on", "cluster.tls.certificate")]
    [InlineData("cluster.tls { enabled = on, certificate = a.pem }", "cluster.tls.authorities")]
    public void ValueThatDoesNotFit_IsRefused(string text, string key)
    {
        CaffeException failure = Assert.Throws<CaffeException>(() => Read(text));
        Assert.Equal(ErrorCodes.BadSetting, failure.Code);
        Assert.Contains(key, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Password_HasNoKey() =>
        // It would stand in the run's folder, among the resolved keys.
        Assert.Equal(ErrorCodes.UnknownKey,
            Assert.Throws<CaffeException>(() => Read("cluster.tls.password = abc")).Code);

    [Theory]
    [InlineData("node-1:99", "node-1", 99)]
    [InlineData("10.0.0.5", "10.0.0.5", 4053)]
    [InlineData("[fe80::1]:99", "fe80::1", 99)]
    [InlineData("[::1]", "::1", 4053)]
    [InlineData("fe80::1", "fe80::1", 4053)]
    public void Addresses_AreRead(string text, string host, int port)
    {
        NodeAddress address = NodeAddress.TryParse(text)!;
        Assert.Equal(new NodeAddress(host, port), address);
        Assert.Equal(address, NodeAddress.TryParse(address.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":4053")]
    [InlineData("a:65536")]
    [InlineData("a:+1")]
    [InlineData("[::1")]
    [InlineData("[::1]4053")]
    [InlineData("http://a:1")]
    public void WhatIsNoAddress_IsNone(string text) => Assert.Null(NodeAddress.TryParse(text));
}
