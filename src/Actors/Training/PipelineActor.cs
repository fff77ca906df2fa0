using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Training;

/// <summary>
/// A net whose batch goes through its devices in parts: while one part is on the second device the next is on the
/// first. A part begins as soon as its copy of the net is free, and devices do backward work first (one forward, one
/// backward), so that no more parts than copies are alive. To its replica it is a net: one pass, one loss, one word
/// for each layer whose gradients are complete.
/// </summary>
internal sealed class PipelineActor : UntypedActor
{
    private readonly Pipeline _pipeline;
    private readonly NetDevices _devices;
    private readonly IActorRef _reducer;
    private readonly IActorRef[] _nets;
    private readonly int[] _partOf;
    private readonly float[] _losses;
    private readonly int[] _layersMissing;
    private IActorRef _asker = ActorRefs.Nobody;
    private RunPass _pass = RunPass.ForwardOnly;
    private float _faultyLoss;
    private int _begun;
    private int _done;

    public PipelineActor(Pipeline pipeline, NetDevices devices, IActorRef reducer)
    {
        _pipeline = pipeline;
        _devices = devices;
        _reducer = reducer;
        _nets = new IActorRef[pipeline.Slots.Count];
        _partOf = new int[_nets.Length];
        _losses = new float[pipeline.MicroBatches];
        _layersMissing = new int[pipeline.Slots[0].Net.Layers.Count];
    }

    public static Props Props(Pipeline pipeline, NetDevices devices, IActorRef reducer) =>
        Akka.Actor.Props.Create(() => new PipelineActor(pipeline, devices, reducer));

    protected override SupervisorStrategy SupervisorStrategy() => Supervision.Escalate;

    protected override void PreStart()
    {
        for (int i = 0; i < _nets.Length; i++)
        {
            PipelineSlot slot = _pipeline.Slots[i];
            _nets[i] = Context.ActorOf(
                NetActor.Props(slot.Net, slot.Times, _devices, Self).WithDispatcher(Context.Props.Dispatcher),
                ActorNames.Of("net", i));
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RunPass pass:
                _asker = Sender;
                _pass = pass;
                (_begun, _done) = (0, 0);
                Array.Fill(_partOf, -1);
                Array.Fill(_layersMissing, _pipeline.MicroBatches);
                BeginParts();
                break;
            case PassDone done:
                OnPartDone(Array.IndexOf(_nets, Sender), done.Loss);
                break;
            case GradientReady ready:
                if (--_layersMissing[ready.Rank] == 0)
                    _reducer.Tell(ready);
                break;
            case Failed:
                _pipeline.Faulty = _pipeline.Slots[Array.IndexOf(_nets, Sender)].Net;
                _asker.Tell(message);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void BeginParts()
    {
        while (_begun < _losses.Length && _partOf[_begun % _nets.Length] < 0)
        {
            int slot = _begun % _nets.Length;
            _partOf[slot] = _begun;
            _pipeline.Slots[slot].Streams.Seek(_pipeline.FirstPart + _begun);
            _pipeline.Slots[slot].Start.Note();
            _begun++;
            _nets[slot].Tell(_pass);
        }
    }

    private void OnPartDone(int slot, float loss)
    {
        _losses[_partOf[slot]] = loss;
        _partOf[slot] = -1;
        _done++;
        if (!float.IsFinite(loss) && _pipeline.Faulty is null)
            (_pipeline.Faulty, _faultyLoss) = (_pipeline.Slots[slot].Net, loss);
        if (_pipeline.Faulty is not null)
        {
            // No part begins any more, so that the copy stays as it is.
            if (_done == _begun)
                _asker.Tell(new PassDone(_faultyLoss));
            return;
        }

        if (_done < _losses.Length)
        {
            BeginParts();
            return;
        }

        float sum = 0;
        foreach (float part in _losses)
            sum += part;
        _asker.Tell(new PassDone(sum / _losses.Length));
    }
}
