using Akka.Actor;

namespace CaffeActors.Actors.Devices;

/// <summary>
/// Which actor computes which layer. A placed layer's own actor lives on its device's thread, so that layers of one
/// device tell each other there, whatever the others compute; without a placement all live where their net does.
/// </summary>
internal sealed class NetDevices
{
    private readonly IReadOnlyList<(IActorRef Device, string? Dispatcher)> _devices;
    private readonly Func<string, int> _indexOf;

    /// <summary>One device for all layers, on the net's own thread.</summary>
    public NetDevices(IActorRef only)
    {
        _devices = [(only, null)];
        _indexOf = static _ => 0;
    }

    /// <summary>Several devices, each with a thread.</summary>
    /// <param name="devices">The devices and their dispatchers.</param>
    /// <param name="indexOf">The place of a layer's device among them, by its name.</param>
    public NetDevices(IReadOnlyList<(IActorRef Device, string? Dispatcher)> devices, Func<string, int> indexOf)
    {
        _devices = devices;
        _indexOf = indexOf;
    }

    /// <summary>The device that updates parameters.</summary>
    public IActorRef Main => _devices[0].Device;

    /// <summary>A layer's device, and the dispatcher of the layer's actor; null for its net's.</summary>
    /// <param name="layer">The layer's name.</param>
    public (IActorRef Device, string? Dispatcher) Of(string layer) => _devices[_indexOf(layer)];
}
