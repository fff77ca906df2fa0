using System.Diagnostics;
using Akka.Actor;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Training;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Data;

/// <summary>
/// A layer that reads its tops from somewhere. Its prefetcher fills as many buffers as the layer hands out; the
/// layer hands out the buffer of the last pass when the next one begins.
/// </summary>
internal sealed class DataLayerActor : LayerActor, IWithTimers
{
    private const string Waits = "waits for a batch";

    private readonly BatchLayer _layer;
    private readonly DataWait _wait;
    private readonly SlowWait _slow = new();
    private readonly PriorityQueue<Batch, long> _ready = new();
    private readonly List<Batch> _batches = [];
    private IActorRef _prefetcher = ActorRefs.Nobody;
    private Batch? _inUse;
    private LoadFailed? _failed;
    private long _next;
    private long _waitingSince;

    public DataLayerActor(LayerWiring wiring)
        : base(wiring)
    {
        _layer = (BatchLayer)wiring.Layer.Layer;
        _wait = wiring.Times.DataWaits[wiring.Layer.Rank];
        _wait.Layer.Actor = Self;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    public static new Props Props(LayerWiring wiring) => Akka.Actor.Props.Create(() => new DataLayerActor(wiring));

    protected override SupervisorStrategy SupervisorStrategy() => Supervision.Escalate;

    protected override void PreStart()
    {
        if (_layer.PrefetchDepth == 0)
            return;
        _prefetcher = Context.ActorOf(PrefetcherActor.Props(_layer, _wait), "prefetcher");
        Timers.StartPeriodicTimer("wait", LookAtWait.Instance, SlowWait.Every);
        // One buffer more than are read ahead: the one in use.
        for (int i = 0; i <= _layer.PrefetchDepth; i++)
        {
            _batches.Add(_layer.CreateBatch());
            _prefetcher.Tell(new Demand(_batches[i]));
        }
    }

    // The prefetcher has stopped by now, and no pass is run any more.
    protected override void PostStop()
    {
        foreach (Batch batch in _batches)
            batch.Dispose();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BatchReady ready:
                _ready.Enqueue(ready.Batch, ready.Number);
                _wait.Ready = _ready.Count;
                TryDeliver();
                break;
            case LoadFailed failed:
                _failed = failed;
                TryDeliver();
                break;
            case LookAtWait:
                LookAtLongWait();
                break;
            default:
                base.OnReceive(message);
                break;
        }
    }

    protected override void OnForward()
    {
        if (_layer.PrefetchDepth == 0)
        {
            RunForward();
            return;
        }

        _waitingSince = Stopwatch.GetTimestamp();
        TryDeliver();
    }

    private void TryDeliver()
    {
        if (_waitingSince == 0)
            return;
        if (_ready.TryPeek(out _, out long number) && number == _next)
            Deliver();
        else if (_failed?.Number == _next)
            Context.Parent.Tell(new Failed(_failed.Failure));
        else
            _wait.Layer.Begin(Waits);
    }

    // A share that hangs holds the reading thread up, in silence.
    private void LookAtLongWait()
    {
        if (_waitingSince == 0)
            return;
        TimeSpan waited = Stopwatch.GetElapsedTime(_waitingSince);
        if (_layer.WaitFailure(waited) is { } failure)
        {
            Timers.Cancel("wait");
            Context.Parent.Tell(new Failed(failure));
        }
        else if (_slow.IsDue(waited))
        {
            _layer.NoteWait(waited);
        }
    }

    private void Deliver()
    {
        _slow.End();
        _next++;
        _wait.Add(Stopwatch.GetTimestamp() - _waitingSince, _ready.Count);
        _waitingSince = 0;
        _wait.Layer.Begin(ActorActivity.Idle);
        Batch batch = _ready.Dequeue();
        _wait.Ready = _ready.Count;
        _layer.Deliver(batch);
        if (_inUse is not null)
            _prefetcher.Tell(new Demand(_inUse));
        _inUse = batch;
        RunForward();
    }

    private sealed class LookAtWait
    {
        public static readonly LookAtWait Instance = new();
    }
}
