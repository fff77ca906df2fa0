using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>
/// One layer of a net. It knows its neighbours and nothing else: it runs forward when all its bottoms have come and
/// backward when all its top diffs have, then tells those who wait for it.
/// </summary>
internal class LayerActor : UntypedActor
{
    private readonly NetLayer _layer;
    private readonly NetGraph.INode _node;
    private readonly LayerWork _forward;
    private readonly LayerWork _backward;
    private readonly IActorRef _device;
    private readonly IActorRef _reducer;
    private readonly IReadOnlyList<IActorRef> _layers;
    // Arrays, so that going through them allocates nothing.
    private readonly int[] _readers;
    private readonly int[] _diffsTo;
    private readonly int[] _turnsTo;
    private readonly GradientReady? _gradientReady;
    private readonly PartTurn? _forwardTurn;
    private readonly PartTurn? _backwardTurn;
    private readonly int _slot;
    private int _blobsMissing;
    private int _diffsMissing;
    private int _turnsMissing;
    private bool _backwardBegun;

    public LayerActor(LayerWiring wiring)
    {
        _layer = wiring.Layer;
        _node = wiring.Graph.Layers[_layer.Rank];
        _device = wiring.Device;
        _reducer = wiring.Reducer;
        wiring.Times.Actors[_layer.Rank] = Self;
        _forward = wiring.Times.Forward[_layer.Rank];
        _backward = wiring.Times.Backward[_layer.Rank];
        _layers = wiring.Layers;
        _readers = [.. _node.ReadBy.OfType<LayerLink>().Select(reader => reader.Rank)];
        _diffsTo = [.. _node.SendsDiffsTo];
        _turnsTo = [.. _node.PassesTurnTo];
        if (wiring.Times.Parts is { } parts)
        {
            _slot = parts.Slot;
            _forwardTurn = parts.Forward[_layer.Rank];
            _backwardTurn = parts.Backward[_layer.Rank];
        }

        _gradientReady = _layer.NeedBackward && _layer.Layer.Blobs.Count > 0 ? new GradientReady(_layer.Rank) : null;
        Reset();
    }

    public static Props Props(LayerWiring wiring) => Akka.Actor.Props.Create(() => new LayerActor(wiring));

    /// <summary>Asks the device for the forward pass.</summary>
    protected void RunForward()
    {
        if (_forwardTurn is null || _forwardTurn.TryTake(_slot, Self))
            _device.Tell(_forward.Request);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BlobReady:
                if (--_blobsMissing == 0)
                    RunForward();
                break;
            case DiffReady:
                _diffsMissing--;
                TryBackward();
                break;
            case TurnReady:
                _turnsMissing--;
                TryBackward();
                break;
            case PartTurnReady { Backward: false }:
                RunForward();
                break;
            case PartTurnReady:
                TryBackward();
                break;
            case Ran ran:
                OnRan((LayerWork)ran.Work);
                break;
            case Forward:
                OnForward();
                break;
            case Backward:
                _diffsMissing = 0;
                _backwardBegun = true;
                TryBackward();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>Begins a forward pass of a layer without bottoms.</summary>
    protected virtual void OnForward() => RunForward();

    private void TryBackward()
    {
        // A layer that starts the pass has no diffs to wait for; a turn may reach it before the pass does.
        bool begun = _node.DiffsAwaited > 0 || _backwardBegun;
        if (begun && _diffsMissing == 0 && _turnsMissing == 0
            && (_backwardTurn is null || _backwardTurn.TryTake(_slot, Self)))
        {
            _device.Tell(_backward.Request);
        }
    }

    private void OnRan(LayerWork work)
    {
        if (work.Failure is { } failure)
            Context.Parent.Tell(new Failed(RunFailures.InLayer(failure, _layer)));
        else if (ReferenceEquals(work, _forward))
            OnForwardDone();
        else
            OnBackwardDone();
    }

    private void OnForwardDone()
    {
        Reset();
        _forwardTurn?.Pass();
        foreach (int rank in _readers)
            _layers[rank].Tell(BlobReady.Instance);
        if (_readers.Length == 0)
            Context.Parent.Tell(LossReady.Instance);
    }

    private void OnBackwardDone()
    {
        _backwardTurn?.Pass();
        foreach (int rank in _turnsTo)
            _layers[rank].Tell(TurnReady.Instance);
        foreach (int rank in _diffsTo)
            _layers[rank].Tell(DiffReady.Instance);
        if (_gradientReady is not null)
            _reducer.Tell(_gradientReady);
        if (_diffsTo.Length == 0)
            Context.Parent.Tell(BackwardDone.Instance);
    }

    private void Reset()
    {
        _blobsMissing = _layer.Bottom.Length;
        _diffsMissing = _node.DiffsAwaited;
        _turnsMissing = _node.TurnsAwaited;
        _backwardBegun = false;
    }
}
