using CaffeActors.Actors.Devices;

namespace CaffeActors.Actors.Configuration;

/// <summary>Keys <c>parallel</c>: training on several devices at once.</summary>
public sealed record ParallelSettings
{
    /// <summary>The devices, one replica each. Empty, the default: the one that the solver asks for.</summary>
    public IReadOnlyList<DeviceId> Devices { get; init; } = [];

    /// <summary>Which layers run on other devices than the run's; the first rule that fits counts. Default
    /// none.</summary>
    public IReadOnlyList<PlacementRule> Placement { get; init; } = [];

    /// <summary>Parts that a batch is cut into, which follow each other through the devices of a placement; at least
    /// 1.</summary>
    public int MicroBatches { get; init; } = 1;

    /// <summary>How gradients are summed.</summary>
    public ReductionKind Reduction { get; init; } = ReductionKind.Tree;

    /// <summary>Bytes of gradients that travel together, at least 1.</summary>
    public long BucketSize { get; init; } = 1 << 20;

    /// <summary>What the batch size of the net means.</summary>
    public BatchScaling Scaling { get; init; } = BatchScaling.Weak;

    /// <summary>Whether a global batch's gradient is summed in an order that does not depend on the devices.</summary>
    public bool Reproducible { get; init; }

    /// <summary>Images of a pass where sums are reproducible, at least 1.</summary>
    public int Grain { get; init; } = 16;
}
