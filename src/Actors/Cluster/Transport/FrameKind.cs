namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What a frame is. The numbers are on the wire: none changes.</summary>
internal enum FrameKind : byte
{
    /// <summary>Bytes of a block.</summary>
    Chunk = 1,

    /// <summary>How many blocks have arrived whole.</summary>
    Acknowledgement = 2,

    /// <summary>Nothing but a sign of life.</summary>
    KeepAlive = 3,

    /// <summary>The sender has closed its end and will not come back.</summary>
    Goodbye = 4,
}
