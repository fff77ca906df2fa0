namespace CaffeActors.Compute.Reduction;

/// <summary>Parameters whose gradients are summed, updated and handed down together.</summary>
/// <param name="Params">Their places among the net's learnable parameters.</param>
/// <param name="Layers">Ranks of the layers that must have run backward before the gradients are complete.</param>
public sealed record GradientBucket(IReadOnlyList<int> Params, IReadOnlyList<int> Layers);
