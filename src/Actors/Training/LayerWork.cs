using CaffeActors.Actors.Devices;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>A layer's forward or backward pass as work for a device.</summary>
internal sealed class LayerWork : DeviceWork
{
    private readonly Net _net;
    private readonly int _rank;
    private readonly bool _isForward;

    private LayerWork(Net net, int rank, bool isForward, int order)
        : base(order, $"{(isForward ? "forward" : "backward")} {net.Layers[rank].Name}")
    {
        _net = net;
        _rank = rank;
        _isForward = isForward;
    }

    /// <summary>The layer's part of the loss in the last forward pass.</summary>
    public float Loss { get; private set; }

    /// <summary>What the next run fails with, where that is asked for; else null.</summary>
    public CaffeException? Fault { get; set; }

    /// <summary>A layer's forward pass: lower ranks first.</summary>
    public static LayerWork Forward(Net net, int rank) => new(net, rank, true, rank);

    /// <summary>A layer's backward pass: higher ranks first, and after, or before, all forward passes.</summary>
    public static LayerWork Backward(Net net, int rank, bool beforeForward = false) =>
        new(net, rank, false, (beforeForward ? -1 : 2 * net.Layers.Count) - rank);

    protected override void Body()
    {
        if (Fault is not null)
            throw Fault;
        if (_isForward)
            Loss = _net.ForwardLayer(_rank);
        else
            _net.BackwardLayer(_rank);
    }
}
