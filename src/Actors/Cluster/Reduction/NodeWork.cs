using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Reduction;

namespace CaffeActors.Actors.Cluster.Reduction;

/// <summary>What a node's root device does in the exchange with other nodes, for one action.</summary>
internal sealed class NodeWork(NodeExchange exchange, NodeAction action)
    : DeviceWork(WorkOrder.Sum(action.Unit), "sums gradients of nodes")
{
    /// <summary>The action.</summary>
    public NodeAction Action => action;

    protected override void Body()
    {
        switch (action.Kind)
        {
            case NodeActionKind.Add:
                exchange.Add(action.Unit, action.Peer);
                break;
            case NodeActionKind.SendPartial or NodeActionKind.SendSum:
                exchange.Pack(action.Unit, action.Kind == NodeActionKind.SendSum);
                break;
            case NodeActionKind.Take:
                exchange.Take(action.Unit);
                break;
            case NodeActionKind.ForwardSum or NodeActionKind.Complete:
            default:
                throw new InvalidOperationException($"{action.Kind} is no work of a device.");
        }
    }
}
