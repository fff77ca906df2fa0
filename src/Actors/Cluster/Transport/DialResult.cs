namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What an attempt to connect has come to.</summary>
/// <param name="Connection">The connection, where there is one.</param>
/// <param name="Received">How many blocks the other has received whole over the link.</param>
/// <param name="Reason">Why there is none.</param>
/// <param name="IsFinal">Whether another attempt would come to the same.</param>
/// <param name="IsGone">Whether the other process is known to be gone.</param>
internal readonly record struct DialResult(
    Connection? Connection, long Received, string Reason = "", bool IsFinal = false, bool IsGone = false)
{
    /// <summary>There is no connection now.</summary>
    public static DialResult NotNow(string reason) => new(null, 0, reason);

    /// <summary>There will be no connection.</summary>
    public static DialResult Never(string reason) => new(null, 0, reason, IsFinal: true);

    /// <summary>There is nobody to connect to any more.</summary>
    public static DialResult Gone(string reason) => new(null, 0, reason, IsFinal: true, IsGone: true);
}
