namespace CaffeActors.Actors.Cluster.Coordination;

/// <summary>What the event log of a cluster tells of. The names are in its files: none changes.</summary>
internal enum ClusterEventKind
{
    /// <summary>A node is there.</summary>
    Joined,

    /// <summary>A node is not heard of any more, stuck, or gone.</summary>
    Lost,

    /// <summary>A node leaves in order.</summary>
    Left,

    /// <summary>All are asked to stop and to say where they stand.</summary>
    Froze,

    /// <summary>An epoch has its members.</summary>
    Formed,

    /// <summary>An epoch begins to train.</summary>
    Started,

    /// <summary>An iteration is committed.</summary>
    Committed,

    /// <summary>A node is late, or waits for others.</summary>
    Late,

    /// <summary>Too few nodes are there.</summary>
    Waits,

    /// <summary>The run is over.</summary>
    Over,
}
