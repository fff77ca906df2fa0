namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Where a member of an epoch takes connections of the data plane.</summary>
/// <param name="Node">Its number.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Host">Name or address of its machine.</param>
/// <param name="Port">Its port.</param>
internal sealed record PeerAddress(ulong Node, string Name, string Host, int Port);
