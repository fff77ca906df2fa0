namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>cluster</c>: training on several machines at once. The defaults are those of a run that is
/// alone.</summary>
public sealed record ClusterSettings
{
    /// <summary>How many nodes train together; null, the default: the run is alone.</summary>
    public NodeRange? Nodes { get; init; }

    /// <summary>Nodes that a new one asks to be let in, in the same order everywhere. Empty, the default: this node
    /// begins the cluster.</summary>
    public IReadOnlyList<NodeAddress> SeedNodes { get; init; } = [];

    /// <summary>Name or IP address at which the others reach this node; empty, the default: the address by which this
    /// machine reaches the first seed, or its network.</summary>
    public string Host { get; init; } = "";

    /// <summary>IP address or name that it listens on; empty, the default: <see cref="Host"/>.</summary>
    public string BindHost { get; init; } = "";

    /// <summary>Port for membership and control, 0 for any. Default 4053.</summary>
    public int Port { get; init; } = NodeAddress.DefaultPort;

    /// <summary>Port for gradients and parameters, 0 for any; null, the default: the one after
    /// <see cref="Port"/>.</summary>
    public int? DataPort { get; init; }

    /// <summary>The port for gradients and parameters, 0 for any.</summary>
    public int DataPortOrNext => DataPort ?? (Port == 0 ? 0 : Port + 1);

    /// <summary>How long the others are looked for, and <see cref="NodeRange.Least"/> of them waited for, at the
    /// beginning. Default 10 minutes.</summary>
    public TimeSpan StartWait { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long fewer than <see cref="NodeRange.Least"/> nodes are waited for once training has begun. Default
    /// 60 seconds.</summary>
    public TimeSpan MinNodesWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a run is put together anew after a loss before it gives up; null, the default, for any number
    /// of times.</summary>
    public int? MaxRestarts { get; init; }

    /// <summary>How long a node may make no progress, at least; it is told as stuck and evicted after this or five
    /// times an iteration, whichever is longer. Default 10 seconds.</summary>
    public TimeSpan ProgressLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a broken connection of the data plane may take to come back. Default 2 seconds.</summary>
    public TimeSpan ReconnectWithin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How gradients travel.</summary>
    public GradientCompression Compression { get; init; }

    /// <summary>Whether the whole batch stays what it was at the beginning when nodes come and go. Default
    /// true.</summary>
    public bool FixedBatch { get; init; } = true;

    /// <summary>Whether every iteration and every change of the epoch is written to the run's folder. Default
    /// false.</summary>
    public bool Trace { get; init; }

    /// <summary>Mutual TLS.</summary>
    public TlsSettings Tls { get; init; } = new();
}
