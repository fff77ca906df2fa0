namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What somebody connects for. The numbers are on the wire: none changes.</summary>
internal enum GreetingPurpose : byte
{
    /// <summary>To carry a link.</summary>
    Link = 1,

    /// <summary>To hear whether a link could be, without one.</summary>
    Question = 2,
}
