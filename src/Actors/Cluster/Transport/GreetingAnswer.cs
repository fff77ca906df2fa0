namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What a node answers to one that connects. The numbers are on the wire: none changes.</summary>
internal enum GreetingAnswer : byte
{
    /// <summary>The connection carries the link from here on.</summary>
    Welcome = 1,

    /// <summary>It speaks another version of this protocol.</summary>
    OtherVersion = 2,

    /// <summary>It has left the epoch, or never was in it and is in a later one.</summary>
    EpochOver = 3,

    /// <summary>It is not the node that was meant: another process has taken over its address.</summary>
    OtherNode = 4,

    /// <summary>It does not know the one who connects as its neighbour in this epoch.</summary>
    NoNeighbour = 5,

    /// <summary>It has not begun the epoch yet.</summary>
    TooEarly = 6,
}
