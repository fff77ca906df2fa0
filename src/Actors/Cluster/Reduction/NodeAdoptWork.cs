using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Reduction;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>At a commit: the root goes on with rank 0's statistics, and notes them.</summary>
internal sealed class NodeAdoptWork(NodeExchange exchange)
    : DeviceWork(WorkOrder.Update(0), "takes over statistics")
{
    protected override void Body()
    {
        if (exchange.Reduction.Routes[exchange.StatisticsUnit].From >= 0)
            exchange.Statistics.Adopt();
        exchange.Statistics.Keep();
    }
}
