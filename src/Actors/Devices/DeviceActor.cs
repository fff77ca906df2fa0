using Akka.Actor;
using CaffeActors.Actors.Messages;
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
    private long _arrivals;

    public DeviceActor(GpuDevice? gpu) => _gpu = gpu;

    /// <summary>The props.</summary>
    /// <param name="gpu">The accelerator whose work it is; null for a CPU.</param>
    public static Props Props(GpuDevice? gpu = null) => Akka.Actor.Props.Create(() => new DeviceActor(gpu));

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
