using System.Globalization;
using Akka.Actor;
using CaffeActors.Actors.Cluster.Membership;

namespace CaffeActors.Actors.Cluster;

/// <summary>Where nodes' actors are.</summary>
internal static class NodePaths
{
    /// <summary>The node's actor of a process.</summary>
    /// <param name="address">The address of its actor system.</param>
    public static ActorPath NodeOf(Address address) => new RootActorPath(address) / "user" / NodeActor.Name;

    /// <summary>The same, by the node's name.</summary>
    /// <param name="system">This process's actor system.</param>
    /// <param name="name">Host and port.</param>
    public static ActorPath NodeOf(ActorSystem system, string name)
    {
        int colon = name.LastIndexOf(':');
        return NodeOf(ClusterSystem.AddressOf(
            system, name[..colon], int.Parse(name.AsSpan(colon + 1), CultureInfo.InvariantCulture)));
    }
}
