namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What a link's writer is to do next.</summary>
internal enum LinkOrderKind
{
    /// <summary>End: the link is over.</summary>
    Stop,

    /// <summary>Go on over a new connection, from the first block that is not acknowledged.</summary>
    Restart,

    /// <summary>Tell how many blocks have arrived.</summary>
    Acknowledge,

    /// <summary>Send the next bytes of a block.</summary>
    SendChunk,

    /// <summary>Give a sign of life.</summary>
    KeepAlive,

    /// <summary>Tell the other that this end is closed, and end.</summary>
    SayGoodbye,
}
