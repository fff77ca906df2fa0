using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Training;

/// <summary>
/// A net training on one device: it runs the passes of an iteration, waits for the reducer to have summed the
/// gradients, and updates the parameters.
/// </summary>
internal sealed class ReplicaActor : UntypedActor
{
    private readonly Replica _replica;
    private readonly IActorRef _device;
    private readonly UpdateWork _update;
    private IActorRef _net = ActorRefs.Nobody;
    private IActorRef _asker = ActorRefs.Nobody;
    private bool _measuring;
    private int _pass;
    private float _loss;
    private bool _passDone;
    private bool _reduced;
    private readonly bool _hasGradients;

    public ReplicaActor(Replica replica, IActorRef device)
    {
        _replica = replica;
        _device = device;
        _update = new UpdateWork(replica);
        _hasGradients = replica.Net.Layers.Any(layer => layer.NeedBackward && layer.Layer.Blobs.Count > 0);
    }

    public static Props Props(Replica replica, IActorRef device) =>
        Akka.Actor.Props.Create(() => new ReplicaActor(replica, device));

    protected override SupervisorStrategy SupervisorStrategy() => Supervision.Escalate;

    protected override void PreStart()
    {
        string dispatcher = Context.Props.Dispatcher;
        IActorRef reducer = Context.ActorOf(ReducerActor.Props(_replica.Net).WithDispatcher(dispatcher), "reducer");
        _net = Context.ActorOf(
            NetActor.Props(_replica.Net, _replica.Times, _device, reducer).WithDispatcher(dispatcher), "net");
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Step step:
                _asker = Sender;
                _measuring = false;
                _update.Iteration = step.Iteration;
                _replica.Net.DebugInfo = step.Debug;
                _pass = 0;
                _loss = 0;
                if (_replica.KeepsUpdates)
                    _replica.Net.ClearParamDiffs();
                RunPass();
                break;
            case MeasureLoss:
                _asker = Sender;
                _measuring = true;
                _net.Tell(Messages.RunPass.ForwardOnly);
                break;
            case PassDone done:
                OnPassDone(done.Loss);
                break;
            case GradientsReduced:
                _reduced = true;
                TryFinishPass();
                break;
            case Ran:
                OnUpdated();
                break;
            case Failed failed:
                _asker.Tell(new Failed(RunFailures.WithRecord(failed.Failure, _replica.Net, _update.Iteration)));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void RunPass()
    {
        _passDone = false;
        _reduced = !_hasGradients;
        _net.Tell(Messages.RunPass.ForwardBackward);
    }

    private void OnPassDone(float loss)
    {
        if (_measuring)
        {
            _asker.Tell(new LossMeasured(loss));
            return;
        }

        if (!float.IsFinite(loss))
        {
            _asker.Tell(new Failed(Divergence.Explain(_replica.Net, _update.Iteration, loss)));
            return;
        }

        _loss += loss;
        _passDone = true;
        TryFinishPass();
    }

    private void TryFinishPass()
    {
        if (!_passDone || !_reduced)
            return;
        if (++_pass < _replica.IterSize)
            RunPass();
        else
            _device.Tell(_update.Request);
    }

    private void OnUpdated()
    {
        if (_update.Failure is { } failure)
            _asker.Tell(new Failed(RunFailures.Unexpected(failure, "the update of the parameters")));
        else
            _asker.Tell(new StepDone(_update.Iteration, _loss / _replica.IterSize, _update.Rate));
    }

    private sealed class UpdateWork(Replica replica) : DeviceWork(int.MaxValue)
    {
        public int Iteration { get; set; }

        public float Rate { get; private set; }

        protected override void Body() => Rate =
            replica.Optimizer.ApplyUpdate(Iteration, clearGradients: !replica.KeepsUpdates);
    }
}
