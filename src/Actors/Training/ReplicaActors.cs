using System.Globalization;
using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Metrics;

namespace CaffeActors.Actors.Training;

/// <summary>The actors that carry a group of replicas: its devices', and the group's.</summary>
internal sealed class ReplicaActors
{
    private readonly List<ActorActivity> _activities = [];
    private readonly IActorContext _context;

    /// <summary>Starts them.</summary>
    /// <param name="group">The replicas.</param>
    /// <param name="context">Their parent.</param>
    public ReplicaActors(ReplicaGroup group, IActorContext context)
    {
        _context = context;
        if (group.Root.Placement is { } placement)
        {
            Devices = Placed(placement);
            Group = Start(ReplicaGroupActor.Props(group, Devices));
        }
        else
        {
            IActorRef[] devices =
                [.. group.Replicas.Select((replica, rank) => Device(replica.Devices[0], rank, rank))];
            Devices = new NetDevices(devices[0]);
            Group = Start(ReplicaGroupActor.Props(group, devices));
        }
    }

    /// <summary>The replicas as one.</summary>
    public IActorRef Group { get; }

    /// <summary>The devices of the root.</summary>
    public NetDevices Devices { get; }

    /// <summary>What the devices do.</summary>
    public IReadOnlyList<ActorActivity> Activities => _activities;

    private IActorRef Start(Props group) =>
        _context.ActorOf(group.WithDispatcher(Dispatchers.Replica(0)), "replicas");

    // The replica's own thread then only passes messages on: while a device computes, others must hear them.
    private NetDevices Placed(LayerPlacement placement) => new(
        [.. placement.Devices.Select((device, i) =>
            (Device(device, i, i + 1), (string?)Dispatchers.Replica(i + 1)))],
        placement.IndexOf);

    private IActorRef Device(ReplicaDevice device, int number, int thread)
    {
        var activity = new ActorActivity($"device {device.Id}");
        _activities.Add(activity);
        return _context.ActorOf(
            DeviceActor.Props(device.Gpu, activity).WithDispatcher(Dispatchers.Replica(thread)),
            string.Create(CultureInfo.InvariantCulture, $"device-{number}"));
    }
}
