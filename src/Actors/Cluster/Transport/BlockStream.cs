namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What a block's bytes are. The numbers are on the wire: none changes.</summary>
internal enum BlockStream : byte
{
    /// <summary>Gradients on their way to the sum.</summary>
    Partial = 1,

    /// <summary>Sums on their way to those who wait for them.</summary>
    Sum = 2,

    /// <summary>Parameters and history for a node that has none.</summary>
    State = 3,
}
