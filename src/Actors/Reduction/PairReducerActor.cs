using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Reduction;

/// <summary>
/// A pair of replicas. As soon as a bucket's gradients are complete on both sides it has the parent's device add the
/// child's, parent first whoever came first, and hands the sum on; new parameters it has the child's device take over.
/// It lives on the parent's thread.
/// </summary>
internal sealed class PairReducerActor : UntypedActor
{
    private readonly ReductionWiring _wiring;
    private readonly ReductionPair _pair;
    private readonly IActorRef _next;
    private readonly SumWork[] _sums;
    private readonly CopyWork[] _copies;
    private readonly object[] _summed;
    private readonly BucketUpdated[] _updated;
    private readonly int[] _sidesMissing;

    public PairReducerActor(ReductionWiring wiring, ReductionPair pair, IActorRef next)
    {
        _wiring = wiring;
        _pair = pair;
        bool isLast = next.IsNobody();
        _next = isLast ? wiring.Replicas[pair.Parent] : next;
        Replica parent = wiring.Group.Replicas[pair.Parent], child = wiring.Group.Replicas[pair.Child];
        IReadOnlyList<GradientBucket> buckets = wiring.Group.Buckets;
        _sums = wiring.Each(b => new SumWork(parent, child, buckets[b], b));
        _copies = wiring.Each(b => new CopyWork(child, parent, buckets[b], b));
        _summed = wiring.Each(b => isLast ? (object)new BucketReduced(b) : new BucketReady(b));
        _updated = wiring.Each(b => new BucketUpdated(b));
        _sidesMissing = wiring.Each(_ => 2);
    }

    public static Props Props(ReductionWiring wiring, ReductionPair pair, IActorRef next) =>
        Akka.Actor.Props.Create(() => new PairReducerActor(wiring, pair, next));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BucketReady ready when --_sidesMissing[ready.Bucket] == 0:
                _sidesMissing[ready.Bucket] = 2;
                _wiring.Devices[_pair.Parent].Tell(_sums[ready.Bucket].Request);
                break;
            case BucketReady:
                break;
            case BucketUpdated updated:
                _wiring.Devices[_pair.Child].Tell(_copies[updated.Bucket].Request);
                break;
            case Ran { Work.Failure: { } failure }:
                Context.Parent.Tell(new Failed(RunFailures.Unexpected(
                    failure, $"the pair of replicas {_pair.Parent} and {_pair.Child}")));
                break;
            case Ran { Work: SumWork sum }:
                _next.Tell(_summed[sum.Bucket]);
                break;
            case Ran { Work: CopyWork copy }:
                OnTakenOver(copy.Bucket);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnTakenOver(int bucket)
    {
        foreach (IActorRef reducer in _wiring.Down[_pair.Child])
            reducer.Tell(_updated[bucket]);
        _wiring.Replicas[_pair.Child].Tell(_updated[bucket]);
    }
}
