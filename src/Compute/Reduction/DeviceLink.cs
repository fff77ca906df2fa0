namespace CaffeActors.Compute.Reduction;

/// <summary>How near two devices are to each other; a greater value is nearer.</summary>
public enum DeviceLink
{
    /// <summary>They reach each other through the host only.</summary>
    Host,

    /// <summary>One reads the other's memory directly.</summary>
    Peer,

    /// <summary>They sit on one board.</summary>
    Board,
}
