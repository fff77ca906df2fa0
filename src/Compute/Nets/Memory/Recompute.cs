namespace CaffeActors.Compute.Nets.Memory;

/// <summary>What a net computes again in the backward pass instead of keeping it from the forward pass.</summary>
public enum Recompute
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Outputs that cost no more than a pass or two over their bottoms: those of layers that can say so
    /// (<see cref="Layers.Layer.CanRecompute"/>).</summary>
    Cheap,
}
