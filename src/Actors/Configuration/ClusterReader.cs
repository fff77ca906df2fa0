using CaffeActors.Actors.Configuration.Hocon;

namespace CaffeActors.Actors.Configuration;

/// <summary>Reads <c>cluster</c>.</summary>
internal static class ClusterReader
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1), _day = TimeSpan.FromDays(1);

    /// <summary>Reads the section.</summary>
    /// <exception cref="Compute.Diagnostics.CaffeException">A value does not fit.</exception>
    public static ClusterSettings Read(HoconSection cluster) => new()
    {
        Nodes = cluster.Has("nodes")
            ? NodeRange.TryParse(cluster.Text("nodes")) ?? throw cluster.Wrong("nodes", NodeRange.Expected) : null,
        SeedNodes =
        [
            .. cluster.Scalars("seed-nodes").Select(item => NodeAddress.TryParse(item.Text)
                ?? throw cluster.Wrong("seed-nodes", $"a list of addresses; each is {NodeAddress.Expected}", item)),
        ],
        Host = Host(cluster, "host"),
        BindHost = Host(cluster, "bind-host"),
        Port = cluster.Int("port", 0, ushort.MaxValue - 1),
        DataPort = cluster.Has("data-port") ? cluster.Int("data-port", 0, ushort.MaxValue) : null,
        StartWait = cluster.Duration("start-wait", _second, _day),
        MinNodesWait = cluster.Duration("min-nodes-wait", TimeSpan.Zero, _day),
        MaxRestarts = cluster.Has("max-restarts") ? cluster.Int("max-restarts", 0, int.MaxValue) : null,
        ProgressLimit = cluster.Duration("progress-limit", _second, _day),
        ReconnectWithin = cluster.Duration("reconnect-within", TimeSpan.Zero, TimeSpan.FromMinutes(10)),
        Compression = cluster.Choice<GradientCompression>("compression"),
        FixedBatch = cluster.Flag("fixed-batch"),
        Trace = cluster.Flag("trace"),
        Tls = Tls(cluster.Section("tls")),
    };

    private static TlsSettings Tls(HoconSection tls)
    {
        var settings = new TlsSettings
        {
            Enabled = tls.Flag("enabled"),
            Certificate = tls.Text("certificate"),
            Key = tls.Text("key"),
            Authorities = [.. tls.Scalars("authorities").Select(item => item.Text)],
            CheckNames = tls.Flag("check-names"),
        };
        if (settings.Enabled && settings.Certificate.Length == 0)
            throw tls.Wrong("certificate", "the file of this node's certificate, since cluster.tls.enabled is on");
        if (settings.Enabled && settings.Authorities.Count == 0)
            throw tls.Wrong("authorities", "the files of the authorities to trust, since cluster.tls.enabled is on");
        return settings;
    }

    private static string Host(HoconSection cluster, string key)
    {
        string host = cluster.Text(key);
        return host.Length == 0 || NodeAddress.TryParse(host) is { Port: NodeAddress.DefaultPort } address
            && address.Host == host
            ? host
            : throw cluster.Wrong(key, "a name or an IP address without a port");
    }
}
