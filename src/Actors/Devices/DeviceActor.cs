using Akka.Actor;
using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Devices;

/// <summary>
/// A compute device. It runs one piece of work at a time; what is queued together runs in the order of
/// <see cref="DeviceWork.Order"/>, whatever the order of arrival. A CPU device computes on its replica's thread and
/// its compute pool.
/// </summary>
internal sealed class DeviceActor : UntypedActor
{
    private readonly PriorityQueue<(DeviceWork Work, IActorRef Owner), int> _queue = new();

    public static Props Props() => Akka.Actor.Props.Create(() => new DeviceActor());

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Run run:
                _queue.Enqueue((run.Work, Sender), run.Work.Order);
                // One Pump for each piece of work: what arrives before it is run is sorted in.
                Self.Tell(Pump.Instance);
                break;
            case Pump:
                (DeviceWork work, IActorRef owner) = _queue.Dequeue();
                work.Execute();
                owner.Tell(work.Completed);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private sealed class Pump
    {
        public static readonly Pump Instance = new();
    }
}
