using Akka.Actor;
using CaffeActors.Actors.Data;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Nets;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Training;

/// <summary>
/// A net: it starts a pass by telling the layers that nobody feeds, and knows it is over when the layers that feed
/// nobody have reported. It walks no list in between: the layers tell each other.
/// </summary>
internal sealed class NetActor : UntypedActor
{
    private readonly Net _net;
    private readonly NetGraph _graph;
    private readonly LayerTimes _times;
    private readonly NetDevices _devices;
    private readonly IActorRef _reducer;
    private readonly IActorRef[] _layers;
    private readonly int[] _forwardSources;
    private readonly int[] _backwardSources;
    private IActorRef _asker = ActorRefs.Nobody;
    private RunPass _pass = RunPass.ForwardOnly;
    private int _sinksMissing;

    public NetActor(Net net, LayerTimes times, NetDevices devices, IActorRef reducer)
    {
        _net = net;
        _graph = new NetGraph(net);
        _times = times;
        _devices = devices;
        _reducer = reducer;
        _layers = new IActorRef[net.Layers.Count];
        // Arrays, so that going through them allocates nothing.
        _forwardSources = [.. _graph.ForwardSources];
        _backwardSources = [.. _graph.BackwardSources];
    }

    public static Props Props(Net net, LayerTimes times, NetDevices devices, IActorRef reducer) =>
        Akka.Actor.Props.Create(() => new NetActor(net, times, devices, reducer));

    protected override SupervisorStrategy SupervisorStrategy() => Supervision.Escalate;

    protected override void PreStart()
    {
        foreach (NetLayer layer in _net.Layers)
        {
            (IActorRef device, string? dispatcher) = _devices.Of(layer.Name);
            var wiring = new LayerWiring(layer, _graph, _times, device, _reducer, _layers);
            Props props = layer.Layer is BatchLayer ? DataLayerActor.Props(wiring) : LayerActor.Props(wiring);
            _layers[layer.Rank] = Context.ActorOf(
                props.WithDispatcher(dispatcher ?? Context.Props.Dispatcher), ActorNames.Of(layer.Name, layer.Rank));
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RunPass pass:
                _asker = Sender;
                _pass = pass;
                BeginForward();
                break;
            case LossReady:
                if (--_sinksMissing == 0)
                    OnForwardDone();
                break;
            case BackwardDone:
                if (--_sinksMissing == 0)
                    OnBackwardDone();
                break;
            case Failed:
                _asker.Tell(message);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void BeginForward()
    {
        _sinksMissing = _graph.ForwardSinks;
        foreach (int rank in _forwardSources)
            _layers[rank].Tell(Forward.Instance);
        if (_sinksMissing == 0)
            OnForwardDone();
    }

    private void OnForwardDone()
    {
        _sinksMissing = _graph.BackwardSinks;
        // A loss that is no number must not be learnt from: no gradient of it leaves the net. Where parts of a batch
        // overlap, others wait for this one to go backward.
        if (!_pass.Backward || _sinksMissing == 0 || (_times.Parts is null && !float.IsFinite(Loss())))
        {
            Reply();
            return;
        }

        foreach (int rank in _backwardSources)
            _layers[rank].Tell(Backward.Instance);
    }

    private void OnBackwardDone()
    {
        _net.TellTotals();
        Reply();
    }

    private void Reply() => _asker.Tell(new PassDone(Loss()));

    // In the order of the layers, whatever the order in which they reported.
    private float Loss()
    {
        float loss = 0;
        foreach (LayerWork forward in _times.Forward)
            loss += forward.Loss;
        return loss;
    }
}
