using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;

namespace CaffeActors.Actors.Reduction;

/// <summary>Updates parameters of the root replica from the summed gradients: a bucket's, or all at once.</summary>
internal sealed class UpdateWork : DeviceWork
{
    private readonly ReplicaGroup _group;
    private readonly int[]? _params;

    private UpdateWork(ReplicaGroup group, int order, int[] buckets, int[]? parameters)
        : base(order, "updates parameters")
    {
        _group = group;
        Buckets = buckets;
        _params = parameters;
    }

    /// <summary>The buckets that are new afterwards.</summary>
    public int[] Buckets { get; }

    /// <summary>Updates done before this one.</summary>
    public int Iteration { get; set; }

    /// <summary>The update of one bucket.</summary>
    public static UpdateWork OfBucket(ReplicaGroup group, int bucket) =>
        new(group, WorkOrder.Update(bucket), [bucket], [.. group.Buckets[bucket].Params]);

    /// <summary>The update of all, for rules that must know all gradients first.</summary>
    public static UpdateWork OfAll(ReplicaGroup group) =>
        new(group, WorkOrder.Update(0), [.. Enumerable.Range(0, group.Buckets.Count)], null);

    protected override void Body()
    {
        bool clear = !_group.KeepsUpdates;
        if (_params is null)
        {
            _group.Rate = _group.Optimizer.ApplyUpdate(Iteration, _group.GradientScale, clear);
            return;
        }

        float rate = _group.Optimizer.Rate(Iteration);
        _group.Optimizer.UpdateParams(_params, rate, Iteration, _group.GradientScale, clear);
        _group.Rate = rate;
    }
}
