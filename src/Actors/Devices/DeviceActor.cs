using Akka.Actor;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Compute.Backends.Gpu;

namespace CaffeActors.Actors.Devices;

/// <summary>
/// A compute device. It runs one piece of work at a time; what is queued together runs in the order of
/// <see cref="DeviceWork.Order"/>, whatever the order of arrival, which counts among equals. A CPU device computes on
/// its replica's thread and its compute pool; an accelerator is bound to that thread, and its work is queued to its
/// stream: that it ran says that all work sent after it comes after it, and who reads its results on the host waits for
/// them there.
/// </summary>
internal sealed class DeviceActor : UntypedActor
{
    private readonly PriorityQueue<(DeviceWork Work, IActorRef Owner), (int Order, long Arrival)> _queue = new();
    private readonly GpuDevice? _gpu;
    private readonly ActorActivity _activity;
    private long _arrivals;

    public DeviceActor(GpuDevice? gpu, ActorActivity activity)
    {
        _gpu = gpu;
        _activity = activity;
        _activity.Actor = Self;
    }

    /// <summary>The props.</summary>
    /// <param name="gpu">The accelerator whose work it is; null for a CPU.</param>
    /// <param name="activity">Where it tells what it does; null for nowhere.</param>
    public static Props Props(GpuDevice? gpu = null, ActorActivity? activity = null)
    {
        ActorActivity told = activity ?? new ActorActivity("device");
        return Akka.Actor.Props.Create(() => new DeviceActor(gpu, told));
    }

    // On the actor's thread, which is its dispatcher's only one: whatever else lives there may use the device too.
    protected override void PreStart() => _gpu?.Bind();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Run run:
                _queue.Enqueue((run.Work, Sender), (run.Work.Order, _arrivals++));
                // One Pump for each piece of work: what arrives before it is run is sorted in.
                Self.Tell(Pump.Instance);
                break;
            case Pump:
                (DeviceWork work, IActorRef owner) = _queue.Dequeue();
                _activity.Begin(work.Name);
                work.Execute();
                if (_queue.Count == 0)
                    _activity.Begin(ActorActivity.Idle);
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
