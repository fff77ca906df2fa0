using Akka.Actor;
using CaffeActors.Actors.Cluster.Membership;
using CaffeActors.Actors.Configuration;

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
    public static ActorPath NodeOf(ActorSystem system, string name) => NodeOf(AddressOf(system, name));

    /// <summary>The address of a process's actor system, by the node's name.</summary>
    /// <param name="system">This process's actor system.</param>
    /// <param name="name">Host and port.</param>
    public static Address AddressOf(ActorSystem system, string name)
    {
        NodeAddress address = NodeAddress.TryParse(name)
            ?? throw new FormatException($"'{name}' is no node's name");
        return ClusterSystem.AddressOf(system, address.Host, address.Port);
    }
}
