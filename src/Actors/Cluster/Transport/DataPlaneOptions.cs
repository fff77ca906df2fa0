namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>How a node takes and makes connections of the data plane.</summary>
internal sealed record DataPlaneOptions
{
    /// <summary>The number of this node's process; never 0.</summary>
    public required ulong Node { get; init; }

    /// <summary>The node's name, for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>Address or name of the interface that is listened on. Default: all of them.</summary>
    public string Host { get; init; } = "0.0.0.0";

    /// <summary>The port that is listened on, 0 to 65535. Default 0: one that is free.</summary>
    public int Port { get; init; }

    /// <summary>What the others are to call this machine, where that is not <see cref="Host"/>. Default: empty, which
    /// means <see cref="Host"/>, or the machine's name where all interfaces are listened on.</summary>
    public string AdvertisedHost { get; init; } = "";

    /// <summary>The port that the others are to connect to, where that is not <see cref="Port"/>. Default 0.</summary>
    public int AdvertisedPort { get; init; }

    /// <summary>Bytes of a block that travel, and are checked, together: 1 to 1,048,576. Default 262,144.</summary>
    public int ChunkBytes { get; init; } = 256 << 10;

    /// <summary>How long the first connection of a link is waited for, in all. Default 60 s.</summary>
    public TimeSpan OpenWithin { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a broken link is tried to be connected anew, before it is lost. Default 2 s.</summary>
    public TimeSpan ReconnectWithin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After how much silence of its own a node gives a sign of life. Default 1 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one that has connected may take to say who it is. Default 5 s.</summary>
    public TimeSpan GreetWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Encrypts connections; null, the default: they are not encrypted, and nobody has to show who he
    /// is.</summary>
    public LinkSecurity? Security { get; init; }

    /// <summary>Is told, a line at a time and on any thread, what happens to connections.</summary>
    public Action<string> Log { get; init; } = _ => { };
}
