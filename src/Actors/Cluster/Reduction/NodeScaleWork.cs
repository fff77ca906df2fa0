using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Reduction;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>Weighs a node's gradients of a bucket where its replicas take less or more than others.</summary>
internal sealed class NodeScaleWork(NodeExchange exchange, int bucket)
    : DeviceWork(WorkOrder.Sum(bucket), "weighs gradients")
{
    /// <summary>The bucket's number.</summary>
    public int Bucket => bucket;

    protected override void Body() => exchange.Scale(bucket);
}
