namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>What a link has carried so far, and how it fares.</summary>
/// <param name="BytesSent">Bytes given to the connection, headers and repetitions included.</param>
/// <param name="BytesReceived">Bytes taken from the connection, headers and repetitions included.</param>
/// <param name="Breaks">How often a connection broke.</param>
/// <param name="Corrupt">How often of these because of a wrong checksum.</param>
/// <param name="IsUp">Whether there is a connection now.</param>
/// <param name="Silent">How long nothing has come from the other, from when the link was opened.</param>
internal readonly record struct LinkFigures(
    long BytesSent, long BytesReceived, long Breaks, long Corrupt, bool IsUp, TimeSpan Silent);
