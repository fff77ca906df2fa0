using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Training;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Messages;

// What a net's actors say to each other. All of it stays inside one process and on one thread, carries references
// and no copies, and is allocated once: an iteration sends the same messages as the one before.

/// <summary>To a net: run one pass over the next batch.</summary>
/// <param name="Backward">Whether to go backward too.</param>
internal sealed record RunPass(bool Backward)
{
    public static readonly RunPass ForwardOnly = new(false);
    public static readonly RunPass ForwardBackward = new(true);
}

/// <summary>From a net: the pass is over.</summary>
/// <param name="Loss">The weighted loss, summed in the order of the layers.</param>
internal sealed record PassDone(float Loss);

/// <summary>From anyone below a solver: it cannot go on.</summary>
/// <param name="Failure">Why, with layer and iteration.</param>
/// <param name="Pass">The pass in which numbers went wrong, where that is why.</param>
internal sealed record Failed(CaffeException Failure, FailedPass? Pass = null);

/// <summary>To a layer without bottoms: begin a forward pass.</summary>
internal sealed record Forward
{
    public static readonly Forward Instance = new();
}

/// <summary>To a layer: one of your bottoms is there.</summary>
internal sealed record BlobReady
{
    public static readonly BlobReady Instance = new();
}

/// <summary>To a layer that starts a backward pass: begin.</summary>
internal sealed record Backward
{
    public static readonly Backward Instance = new();
}

/// <summary>To a layer: the diff of one of your tops is there.</summary>
internal sealed record DiffReady
{
    public static readonly DiffReady Instance = new();
}

/// <summary>To a layer: the layer before you has added to a diff you share; it is your turn.</summary>
internal sealed record TurnReady
{
    public static readonly TurnReady Instance = new();
}

/// <summary>To a layer: the parts of the batch before yours have passed; it is your part's turn.</summary>
/// <param name="Backward">Which way.</param>
internal sealed record PartTurnReady(bool Backward)
{
    public static readonly PartTurnReady GoForward = new(false);
    public static readonly PartTurnReady GoBackward = new(true);
}

/// <summary>To a net: a layer that nobody waits for, as most losses are, has run forward.</summary>
internal sealed record LossReady
{
    public static readonly LossReady Instance = new();
}

/// <summary>To a net: a layer has run backward and nobody waits for it.</summary>
internal sealed record BackwardDone
{
    public static readonly BackwardDone Instance = new();
}

/// <summary>To a replica: a layer has added this pass's gradients to its diffs.</summary>
/// <param name="Rank">Which layer.</param>
internal sealed record GradientReady(int Rank);

/// <summary>To a device: do this when its turn comes.</summary>
/// <param name="Work">What; the sender hears <see cref="Ran"/>.</param>
internal sealed record Run(DeviceWork Work);

/// <summary>From a device: done.</summary>
/// <param name="Work">What was done; its <see cref="DeviceWork.Failure"/> says whether it failed.</param>
internal sealed record Ran(DeviceWork Work);
