namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What an attempt to connect has come to.</summary>
/// <param name="Connection">The connection, where there is one.</param>
/// <param name="Received">How many blocks the other has received whole over the link.</param>
/// <param name="Reason">Why there is none.</param>
/// <param name="IsFinal">Whether another attempt would come to the same.</param>
internal readonly record struct DialResult(
    Connection? Connection, long Received, string Reason = "", bool IsFinal = false)
{
    /// <summary>There is no connection now.</summary>
    public static DialResult NotNow(string reason) => new(null, 0, reason);

    /// <summary>There will be no connection.</summary>
    public static DialResult Never(string reason) => new(null, 0, reason, IsFinal: true);
}
