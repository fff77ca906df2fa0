using Akka.Actor;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Metrics;
using CaffeActors.Actors.Training;
using CaffeActors.Data.Layers;

namespace CaffeActors.Actors.Data;

/// <summary>Reads ahead for one data layer, on a thread of its own, as far as it is asked to.</summary>
internal sealed class PrefetcherActor : UntypedActor
{
    private const string Reads = "reads a batch";
    private const string HasNoBuffer = "waits for a free buffer";

    private readonly BatchLayer _layer;
    private readonly DataWait _wait;
    private long _read;
    private bool _failed;

    public PrefetcherActor(BatchLayer layer, DataWait wait)
    {
        _layer = layer;
        _wait = wait;
        _wait.Prefetcher.Actor = Self;
    }

    public static Props Props(BatchLayer layer, DataWait wait) =>
        Akka.Actor.Props.Create(() => new PrefetcherActor(layer, wait)).WithDispatcher(Dispatchers.Prefetch);

    protected override void OnReceive(object message)
    {
        if (message is not Demand demand)
        {
            Unhandled(message);
            return;
        }

        if (_failed)
            return;
        try
        {
            _wait.Prefetcher.Begin(Reads);
            _layer.Load(demand.Batch);
            Sender.Tell(new BatchReady(demand.Batch, _read++));
            _wait.Batches = _read;
            if (ActorActivity.Waiting(Self) == 0)
                _wait.Prefetcher.Begin(HasNoBuffer);
        }
#pragma warning disable CA1031 // A failure is a value: batches read before it are still used.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _failed = true;
            Sender.Tell(new LoadFailed(RunFailures.Unexpected(failure, $"layer '{_layer.Name}'"), _read));
        }
    }
}
