using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;

namespace CaffeActors.Actors.Reduction;

/// <summary>
/// Who hands gradients up and parameters down to whom: what replicas and reducers are made with. Complete before the
/// first pass.
/// </summary>
/// <param name="Group">The replicas.</param>
/// <param name="Devices">Their devices, by rank.</param>
internal sealed record ReductionWiring(ReplicaGroup Group, IReadOnlyList<IActorRef> Devices)
{
    /// <summary>Who computes the layers of the root; null: its one device.</summary>
    public NetDevices? Placed { get; init; }

    /// <summary>The replicas by rank.</summary>
    public IActorRef[] Replicas { get; } = new IActorRef[Devices.Count];

    /// <summary>Who takes the sums of all replicas further, to other nodes, and tells the root when they are whole;
    /// nobody where this process is alone.</summary>
    public IActorRef Above { get; set; } = ActorRefs.Nobody;

    /// <summary>By rank, who hears <see cref="Messages.BucketReady"/> of a replica; nobody of a root alone.</summary>
    public IActorRef[] Up { get; } = [.. Devices.Select(_ => ActorRefs.Nobody)];

    /// <summary>By rank, who hears <see cref="Messages.BucketUpdated"/> when a replica has new parameters, besides
    /// itself.</summary>
    public IActorRef[][] Down { get; } = [.. Devices.Select(_ => Array.Empty<IActorRef>())];

    /// <summary>A message for each bucket.</summary>
    public TMessage[] Each<TMessage>(Func<int, TMessage> make) =>
        [.. Enumerable.Range(0, Group.Buckets.Count).Select(make)];
}
