using System.Diagnostics;
using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Reduction;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>
/// A net training on one device: it runs the passes of an iteration and in the last one hands each bucket of gradients
/// up as soon as it is complete, while earlier layers still go backward. The root updates what comes back summed and
/// hands the parameters down; the others begin their next iteration when all of theirs are there.
/// </summary>
internal sealed class ReplicaActor : UntypedActor
{
    private const string Passes = "runs passes";

    /// <summary>What it does when its passes are done.</summary>
    public const string Reduces = "waits for sums and updates";

    private readonly ReductionWiring _wiring;
    private readonly ReplicaGroup _group;
    private readonly Replica _replica;
    private readonly int _rank;
    private readonly IActorRef _device;
    private readonly PassStreams? _streams;
    private readonly FoldWork? _foldAll;
    private readonly FoldWork[] _folds = [];
    private readonly UpdateWork? _updateAll;
    private readonly UpdateWork[] _updates = [];
    private readonly BucketReady[] _ready;
    private readonly BucketUpdated[] _updated;
    private readonly PassesDone _done;
    // By rank of a layer, the buckets that wait for it; by bucket, the layers it still waits for.
    private readonly int[][] _bucketsOf;
    private readonly int[] _layersOf;
    private readonly int _layers;
    private readonly float[] _losses;
    private readonly PassWatch _watch;
    private IActorRef _net = ActorRefs.Nobody;
    private IActorRef _asker = ActorRefs.Nobody;
    private Step? _step;
    private bool _measuring;
    private bool _examining;
    private int _pass;
    private bool _passDone;
    private bool _passesDone;
    private bool _holdsBuckets;
    private int _layersMissing;
    private int _bucketsReduced;
    private int _bucketsMissing;
    private long _passesDoneAt;

    public ReplicaActor(ReductionWiring wiring, int rank)
    {
        _wiring = wiring;
        _group = wiring.Group;
        _rank = rank;
        _replica = _group.Replicas[rank];
        _device = wiring.Devices[rank];
        _replica.Activity.Actor = Self;
        _ready = wiring.Each(b => new BucketReady(b));
        _updated = wiring.Each(b => new BucketUpdated(b));
        _done = new PassesDone(rank);
        _losses = new float[_replica.Passes];
        _watch = new PassWatch(_replica);
        _layersOf = new int[_ready.Length];
        _bucketsOf = [.. _replica.Net.Layers.Select(layer =>
            wiring.Each(b => b).Where(b => _group.Buckets[b].Layers.Contains(layer.Rank)).ToArray())];
        _layers = _bucketsOf.Count(buckets => buckets.Length > 0);
        if (_group.Numbers is not null)
            _streams = new PassStreams(_replica.Net);
        if (_replica.Grains is not null)
        {
            _foldAll = FoldWork.OfAll(_replica);
            _folds = wiring.Each(b => FoldWork.OfBucket(_replica, _group.Buckets[b], b));
        }

        if (IsRoot && _group.UpdatesAtOnce)
            _updateAll = UpdateWork.OfAll(_group);
        else if (IsRoot)
            _updates = wiring.Each(b => UpdateWork.OfBucket(_group, b));
    }

    private bool IsRoot => _rank == 0;

    public static Props Props(ReductionWiring wiring, int rank) =>
        Akka.Actor.Props.Create(() => new ReplicaActor(wiring, rank));

    protected override SupervisorStrategy SupervisorStrategy() => Supervision.Escalate;

    protected override void PreStart()
    {
        NetDevices devices = _wiring.Placed ?? new NetDevices(_device);
        Props net = _replica.Pipeline is { } pipeline
            ? PipelineActor.Props(pipeline, devices, Self)
            : NetActor.Props(_replica.Net, _replica.Times, devices, Self);
        _net = Context.ActorOf(net.WithDispatcher(Context.Props.Dispatcher), "net");
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Step step:
                _asker = Sender;
                _step = step;
                if (_bucketsMissing == 0)
                    Begin(step);
                break;
            case MeasureLoss:
                _asker = Sender;
                _measuring = true;
                SeekStreams((_step?.Iteration ?? -1) + 1, 0);
                NumberParts(((_step?.Iteration ?? -1) + 1L) * _replica.Passes);
                _watch.BeginPass();
                _net.Tell(Messages.RunPass.ForwardOnly);
                break;
            case GradientReady ready:
                OnGradientReady(ready.Rank);
                break;
            case PassDone done:
                OnPassDone(done.Loss);
                break;
            case BucketReduced reduced:
                OnReduced(reduced.Bucket);
                break;
            case BucketUpdated:
                _bucketsMissing--;
                Continue();
                break;
            case Messages.Examine:
                _asker = Sender;
                _examining = true;
                Continue();
                break;
            case Ran ran:
                OnRan(ran.Work);
                break;
            case Failed failed:
                Fail(RunFailures.WithRecord(failed.Failure, _watch.FaultyNet, _step?.Iteration ?? 0));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // What waited for the parameters goes on once they are all there.
    private void Continue()
    {
        if (_bucketsMissing > 0 || !_passesDone)
            return;
        _replica.Activity.Begin(ActorActivity.Idle);
        if (_examining)
            _asker.Tell(_watch.Examine(_rank));
        else if (_step is not null)
            Begin(_step);
    }

    private void Begin(Step step)
    {
        _watch.BeginStep(step);
        _replica.Activity.Begin(Passes);
        _measuring = false;
        _passesDone = false;
        _pass = 0;
        _bucketsReduced = 0;
        _bucketsMissing = _ready.Length;
        if (_group.Fault is { } fault && fault.Iteration == step.Iteration && _rank == _group.Replicas.Count - 1)
            FailAt(fault.Layer);
        for (int b = 0; b < _layersOf.Length; b++)
            _layersOf[b] = _group.Buckets[b].Layers.Count;
        if (IsRoot)
        {
            _replica.Net.DebugInfo = step.Debug;
            // What debug_info tells is of the pass as it was; a loss that is no number must not be learnt from.
            _holdsBuckets = step.Debug || (_group.Replicas.Count == 1 && _group.Seat is null);
            if (_group.KeepsUpdates)
                _replica.Net.ClearParamDiffs();
        }

        RunPass();
    }

    private void FailAt(string layer)
    {
        NetLayer failing = _replica.Net.FindLayer(layer)!;
        ReplicaDevice device = _replica.Devices.First(device => device.Gpu == failing.Layer.Gpu || device.Gpu is null);
        _replica.Times.Forward[failing.Rank].Fault = Fault.On(device);
    }

    private void RunPass()
    {
        _passDone = false;
        _layersMissing = _layers;
        SeekStreams(_step!.Iteration, _pass);
        NumberParts((_step!.Iteration * (long)_replica.Passes) + _pass);
        _watch.BeginPass();
        _net.Tell(Messages.RunPass.ForwardBackward);
    }

    private void SeekStreams(int iteration, int pass) => _streams?.Seek(_group.Numbers!.Of(iteration, _rank, pass));

    private void NumberParts(long pass)
    {
        if (_replica.Pipeline is { } pipeline)
            pipeline.FirstPart = pass * pipeline.MicroBatches;
    }

    private void OnGradientReady(int layer)
    {
        _layersMissing--;
        if (_pass == _replica.Passes - 1)
        {
            foreach (int bucket in _bucketsOf[layer])
            {
                if (--_layersOf[bucket] == 0 && !_holdsBuckets)
                    OnComplete(bucket);
            }
        }

        TryFinishPass();
    }

    private void OnPassDone(float loss)
    {
        int iteration = _measuring ? (_step?.Iteration ?? -1) + 1 : _step!.Iteration;
        if (_watch.AfterPass(iteration, loss) is { } failed)
        {
            Fail(failed.Failure, failed.Pass);
            return;
        }

        if (_measuring)
        {
            _asker.Tell(new LossMeasured(loss));
            return;
        }

        _losses[_pass] = loss;
        _passDone = true;
        TryFinishPass();
    }

    private void TryFinishPass()
    {
        if (!_passDone || _layersMissing > 0)
            return;
        if (_pass == _replica.Passes - 1)
        {
            FinishPasses();
        }
        else if (_foldAll is not null)
        {
            _foldAll.Pass = _pass;
            _device.Tell(_foldAll.Request);
        }
        else
        {
            _pass++;
            RunPass();
        }
    }

    private void FinishPasses()
    {
        _passesDone = true;
        _replica.Activity.Begin(Reduces);
        _passesDoneAt = Stopwatch.GetTimestamp();
        _group.Losses[_rank] = _group.LossOf(_losses);
        if (!_wiring.Above.IsNobody())
            _wiring.Above.Tell(_done);
        for (int b = 0; b < _ready.Length; b++)
        {
            if (_holdsBuckets || _group.Buckets[b].Layers.Count == 0)
                OnComplete(b);
        }

        if (IsRoot)
            TryFinishStep();
        else
            _asker.Tell(new StepDone(_step!.Iteration, _group.Losses[_rank], 0, _rank));
        if (!IsRoot)
            _step = null;
    }

    private void OnComplete(int bucket)
    {
        if (_folds.Length == 0)
        {
            HandUp(bucket);
            return;
        }

        _folds[bucket].Pass = _pass;
        _device.Tell(_folds[bucket].Request);
    }

    private void HandUp(int bucket)
    {
        IActorRef up = _wiring.Up[_rank];
        if (up.IsNobody())
            OnReduced(bucket);
        else
            up.Tell(_ready[bucket]);
    }

    private void OnReduced(int bucket)
    {
        _bucketsReduced++;
        UpdateWork? update = _updateAll is null ? _updates[bucket]
            : _bucketsReduced == _ready.Length ? _updateAll
            : null;
        if (update is null)
            return;
        update.Iteration = _step!.Iteration;
        _device.Tell(update.Request);
    }

    private void OnRan(DeviceWork work)
    {
        if (work.Failure is { } failure)
        {
            Fail(RunFailures.Unexpected(failure, "the update of the parameters"));
        }
        else if (work is UpdateWork update)
        {
            OnUpdated(update);
        }
        else if (ReferenceEquals(work, _foldAll))
        {
            _pass++;
            RunPass();
        }
        else
        {
            HandUp(((FoldWork)work).Bucket);
        }
    }

    private void OnUpdated(UpdateWork update)
    {
        foreach (int bucket in update.Buckets)
        {
            foreach (IActorRef reducer in _wiring.Down[0])
                reducer.Tell(_updated[bucket]);
        }

        _bucketsMissing -= update.Buckets.Length;
        TryFinishStep();
    }

    private void TryFinishStep()
    {
        if (!_passesDone || _bucketsMissing > 0)
            return;
        _group.EndStep(Stopwatch.GetTimestamp() - _passesDoneAt);
        _replica.Activity.Begin(ActorActivity.Idle);
        _asker.Tell(new StepDone(_step!.Iteration, _group.Losses[0], _group.Rate));
    }

    private void Fail(CaffeException failure, FailedPass? pass = null) => _asker.Tell(
        new Failed(_group.Replicas.Count == 1 ? failure : RunFailures.On(failure, _replica.Id), pass));
}
