using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;

namespace CaffeActors.Actors.Reduction;

/// <summary>
/// A replica's place in the ring: it has its device add what the rank before it has summed of a chunk and passes the
/// chunk on; the root's gathers the sums. It lives on its replica's thread.
/// </summary>
internal sealed class RingReducerActor : UntypedActor
{
    private readonly ReductionWiring _wiring;
    private readonly int _rank;
    private readonly int _count;
    // By bucket and chunk; a work that is not this rank's is null.
    private readonly ChunkWork?[][] _sums;
    private readonly ChunkWork?[][] _gathers;
    private readonly CopyWork[] _copies;
    private readonly ChunkReady[] _own;
    private readonly ChunkSummed[][] _summed;
    private readonly BucketReduced[] _reduced;
    private readonly BucketReady[] _ready;
    private readonly BucketUpdated[] _updated;
    // By bucket: whether this replica's gradients are complete, chunks that came before they were, chunks to be added
    // yet and, at the root, to be gathered yet.
    private readonly bool[] _isReady;
    private readonly bool[][] _waiting;
    private readonly int[] _toAdd;
    private readonly int[] _toGather;

    public RingReducerActor(ReductionWiring wiring, int rank)
    {
        _wiring = wiring;
        _rank = rank;
        _count = wiring.Replicas.Length;
        ReplicaGroup group = wiring.Group;
        Replica own = group.Replicas[rank], before = group.Replicas[(rank + _count - 1) % _count];
        _sums = wiring.Each(b => OfChunks(c => c == rank ? null : Work(b, c, before, adds: true)));
        _gathers = wiring.Each(b => OfChunks(
            c => rank > 0 || Owner(c) == 0 ? null : Work(b, c, group.Replicas[Owner(c)], adds: false)));
        _copies = wiring.Each(b => new CopyWork(own, before, group.Buckets[b], b));
        _own = wiring.Each(b => new ChunkReady(b, rank));
        _summed = wiring.Each(b => OfChunks(c => new ChunkSummed(b, c)));
        _reduced = wiring.Each(b => new BucketReduced(b));
        _ready = wiring.Each(b => new BucketReady(b));
        _updated = wiring.Each(b => new BucketUpdated(b));
        _isReady = wiring.Each(_ => false);
        _waiting = wiring.Each(_ => OfChunks(_ => false));
        _toAdd = wiring.Each(_ => _count - 1);
        _toGather = wiring.Each(_ => _count);

        ChunkWork Work(int bucket, int chunk, Replica source, bool adds) =>
            new(own, source, group.Buckets[bucket], new ChunkReady(bucket, chunk), _count, adds);
    }

    private IActorRef Next => _wiring.Up[(_rank + 1) % _count];

    public static Props Props(ReductionWiring wiring, int rank) =>
        Akka.Actor.Props.Create(() => new RingReducerActor(wiring, rank));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BucketReady ready:
                OnReady(ready.Bucket);
                break;
            case ChunkReady chunk when _isReady[chunk.Bucket]:
                Add(chunk.Bucket, chunk.Chunk);
                break;
            case ChunkReady chunk:
                _waiting[chunk.Bucket][chunk.Chunk] = true;
                break;
            case ChunkSummed chunk:
                OnSummed(chunk.Bucket, chunk.Chunk);
                break;
            case BucketUpdated updated:
                _wiring.Devices[_rank].Tell(_copies[updated.Bucket].Request);
                break;
            case Ran { Work.Failure: { } failure }:
                Context.Parent.Tell(new Failed(RunFailures.Unexpected(failure, $"rank {_rank} of the ring")));
                break;
            case Ran { Work: CopyWork copy }:
                OnTakenOver(copy.Bucket);
                break;
            case Ran { Work: ChunkWork work }:
                OnRan(work);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnReady(int bucket)
    {
        _isReady[bucket] = true;
        Next.Tell(_own[bucket]);
        bool[] waiting = _waiting[bucket];
        for (int chunk = 0; chunk < _count; chunk++)
        {
            if (waiting[chunk])
                Add(bucket, chunk);
            waiting[chunk] = false;
        }
    }

    private void Add(int bucket, int chunk)
    {
        // Of this iteration's chunks the last one; the next to come is of the next iteration.
        if (--_toAdd[bucket] == 0)
            (_toAdd[bucket], _isReady[bucket]) = (_count - 1, false);
        _wiring.Devices[_rank].Tell(_sums[bucket][chunk]!.Request);
    }

    private void OnRan(ChunkWork work)
    {
        (int bucket, int chunk) = (work.Chunk.Bucket, work.Chunk.Chunk);
        if (ReferenceEquals(work, _gathers[bucket][chunk]))
            OnGathered(bucket);
        else if (Owner(chunk) == _rank)
            _wiring.Up[0].Tell(_summed[bucket][chunk]);
        else
            Next.Tell(work.Chunk);
    }

    private void OnSummed(int bucket, int chunk)
    {
        if (_gathers[bucket][chunk] is { } gather)
            _wiring.Devices[0].Tell(gather.Request);
        else
            OnGathered(bucket);
    }

    private void OnGathered(int bucket)
    {
        if (--_toGather[bucket] > 0)
            return;
        _toGather[bucket] = _count;
        if (_wiring.Above.IsNobody())
            _wiring.Replicas[0].Tell(_reduced[bucket]);
        else
            _wiring.Above.Tell(_ready[bucket]);
    }

    private void OnTakenOver(int bucket)
    {
        if (_rank < _count - 1)
            Next.Tell(_updated[bucket]);
        _wiring.Replicas[_rank].Tell(_updated[bucket]);
    }

    // The rank where a chunk's way round ends.
    private int Owner(int chunk) => (chunk + _count - 1) % _count;

    private TItem[] OfChunks<TItem>(Func<int, TItem> make) => [.. Enumerable.Range(0, _count).Select(make)];
}
