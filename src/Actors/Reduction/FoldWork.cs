using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Reduction;

/// <summary>Takes the gradients of a pass into a replica's sums over passes.</summary>
internal sealed class FoldWork : DeviceWork
{
    private readonly Replica _replica;
    private readonly int[] _params;

    private FoldWork(Replica replica, int order, IEnumerable<int> parameters, int bucket)
        : base(order, "sums gradients of passes")
    {
        _replica = replica;
        _params = [.. parameters];
        Bucket = bucket;
    }

    /// <summary>The bucket's number; -1 for all parameters.</summary>
    public int Bucket { get; }

    /// <summary>The pass, from 0.</summary>
    public int Pass { get; set; }

    /// <summary>For the last pass: one bucket, as soon as it is complete.</summary>
    public static FoldWork OfBucket(Replica replica, GradientBucket bucket, int number) =>
        new(replica, WorkOrder.Sum(number), bucket.Params, number);

    /// <summary>For the passes before it: all parameters.</summary>
    public static FoldWork OfAll(Replica replica) =>
        new(replica, WorkOrder.Sum(0), Enumerable.Range(0, replica.Net.LearnableParams.Count), -1);

    protected override void Body()
    {
        foreach (int id in _params)
            _replica.Grains!.Fold(_replica.Device, id, Pass);
    }
}
