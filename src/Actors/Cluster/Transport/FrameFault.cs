namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What came over a connection is not what was sent: it is dropped with the connection, and sent again over
/// the next.</summary>
internal sealed class FrameFault(string message) : IOException(message);
