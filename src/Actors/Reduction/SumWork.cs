using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Reduction;

/// <summary>Adds one replica's gradients of a bucket to another's, on the other's device.</summary>
internal sealed class SumWork(Replica target, Replica source, GradientBucket bucket, int number)
    : DeviceWork(WorkOrder.Sum(number), "sums gradients")
{
    // An array, so that going through it allocates nothing.
    private readonly int[] _params = [.. bucket.Params];

    /// <summary>The bucket's number.</summary>
    public int Bucket => number;

    protected override void Body()
    {
        foreach (int id in _params)
        {
            GradientSum.Add(
                target.Device, target.Net.LearnableParams[id], source.Net.LearnableParams[id]);
        }
    }
}
