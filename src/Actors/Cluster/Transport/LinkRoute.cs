namespace CaffeActors.Actors.Cluster.Transport;

/// <summary>Between whom a link is.</summary>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Channel">Its channel in the epoch.</param>
/// <param name="Rank">This node's rank.</param>
/// <param name="Node">This node's number.</param>
/// <param name="PeerRank">The other's rank.</param>
/// <param name="Peer">Where the other is.</param>
internal sealed record LinkRoute(ulong Epoch, int Channel, int Rank, ulong Node, int PeerRank, PeerAddress Peer)
{
    /// <summary>Whether this side connects and the other accepts.</summary>
    public bool Connects => Rank > PeerRank;

    /// <summary>The other, for people.</summary>
    public string PeerName =>
        $"node {PeerRank} ({(Peer.Name.Length > 0 ? Peer.Name : $"{Peer.Host}:{Peer.Port}")})";

    /// <summary>What this side says when it connects.</summary>
    /// <param name="purpose">What for.</param>
    /// <param name="received">How many blocks it has received whole over the link.</param>
    public Greeting Greeting(GreetingPurpose purpose, long received) =>
        new(Transport.Greeting.CurrentVersion, purpose, Epoch, Channel, Node, Peer.Node, received);
}
