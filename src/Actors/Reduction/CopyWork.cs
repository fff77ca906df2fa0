using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Reduction;

namespace CaffeActors.Actors.Reduction;

/// <summary>Takes over another replica's parameters of a bucket and clears the gradients, which have been read by
/// now.</summary>
internal sealed class CopyWork(Replica target, Replica source, GradientBucket bucket, int number)
    : DeviceWork(WorkOrder.Copy(number), "copies parameters")
{
    // An array, so that going through it allocates nothing.
    private readonly int[] _params = [.. bucket.Params];

    /// <summary>The bucket's number.</summary>
    public int Bucket => number;

    protected override void Body()
    {
        foreach (int id in _params)
        {
            GradientSum.TakeOver(
                target.Device, target.Net.LearnableParams[id], source.Net.LearnableParams[id]);
        }
    }
}
